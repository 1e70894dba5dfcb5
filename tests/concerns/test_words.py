"""Each language says all there is to say."""

import pytest

from app.concerns import advice_for, words
from app.config.schema.notice import Language
from app.model.concern import Advice, ConcernKind
from app.model.delivery import Ending
from app.model.outcome import OutcomeKind

DEAD = {*OutcomeKind, Ending.EXPIRED} - {OutcomeKind.ACCEPTED}


@pytest.mark.parametrize("language", Language)
def test_nothing_is_left_out(language: Language) -> None:
    assert set(words.KINDS[language]) == set(ConcernKind)
    assert set(words.ADVICE[language]) == set(Advice)
    assert set(words.OUTCOMES[language]) == DEAD
    assert words.COUNTS[language].keys() == words.COUNTS[Language.EN].keys()
    assert words.TARGETS[language].keys() == words.TARGETS[Language.EN].keys()


@pytest.mark.parametrize("outcome", [*OutcomeKind, *Ending])
def test_there_is_advice_for_each_way_to_end(outcome: OutcomeKind | Ending) -> None:
    assert (advice_for(outcome) is Advice.NOTHING) == (outcome not in DEAD)
