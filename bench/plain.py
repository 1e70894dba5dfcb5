"""What the bridge is held against: a FastAPI handler that does nothing."""

from fastapi import FastAPI

app = FastAPI()


@app.post("/hooks/{source}", status_code=202)
async def nothing(source: str) -> dict[str, str]:
    return {"status": "accepted", "source": source}
