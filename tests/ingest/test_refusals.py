"""What is refused is counted, so that it is seen when all calls of a source are."""

from pathlib import Path

from tests.support.bridges import a_running_bridge


async def test_refused_calls_are_told_to_the_store(tmp_path: Path) -> None:
    async with a_running_bridge(tmp_path) as bridge:
        for _ in range(3):
            refused = await bridge.call({"kind": "new"}, headers={"Authorization": "Bearer wrong"})
            assert refused.status_code == 401
        assert bridge.parts.entry is not None
        assert bridge.parts.entry._refusals is not None

        await bridge.parts.entry._refusals.tell()

        [found] = await bridge.parts.outbox.refusals()
        assert (found.source, found.count, found.slug) == ("forms", 3, "unauthenticated")
        await bridge.call({"kind": "new", "crm_id": 1, "id": "k"})
        assert await bridge.parts.outbox.refusals() == []
