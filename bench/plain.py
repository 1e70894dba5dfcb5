"""What the bridge is held against: a FastAPI handler that does nothing."""

from typing import Any

from fastapi import FastAPI

app = FastAPI()


@app.post("/hooks/{source}", status_code=202)
async def nothing(source: str, call: dict[str, Any]) -> dict[str, str]:
    """Takes the call's JSON, as any handler of a webhook has to, and does nothing with it."""
    return {"status": "accepted", "source": source}


@app.post("/unread/{source}", status_code=202)
async def nothing_unread(source: str) -> dict[str, str]:
    """Does not even read the call."""
    return {"status": "accepted", "source": source}
