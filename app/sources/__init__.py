"""Who calls and what they say: authentication, decoding, handshakes, replies, presets."""
