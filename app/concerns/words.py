"""What needs a person, in words, by language."""

from collections.abc import Mapping

from app.config.schema.notice import Language
from app.model.concern import Advice, Concern, ConcernKind
from app.model.delivery import Ending
from app.model.outcome import OutcomeKind

HEAD: Mapping[Language, str] = {
    Language.EN: "Altcraft bridge: something needs you",
    Language.RU: "Мост Altcraft: нужен человек",
}
OVER: Mapping[Language, str] = {Language.EN: "Over", Language.RU: "Закончилось"}
MORE: Mapping[Language, str] = {Language.EN: "and {count} more", Language.RU: "и ещё {count}"}
SINCE: Mapping[Language, str] = {Language.EN: "since", Language.RU: "с"}
TRY_OUT: Mapping[Language, str] = {
    Language.EN: "Altcraft bridge: this is a try-out. Notices arrive here.",
    Language.RU: "Мост Altcraft: это проверка. Уведомления приходят сюда.",
}
TARGETS: Mapping[Language, Mapping[str, str]] = {
    Language.EN: {"scenario": "scenario", "trigger": "trigger mailing"},
    Language.RU: {"scenario": "сценарий", "trigger": "триггерная рассылка"},
}
KINDS: Mapping[Language, Mapping[ConcernKind, str]] = {
    Language.EN: {
        ConcernKind.PROBLEM: "Starts fail: {target} {scenario} at {destination}: {outcome}",
        ConcernKind.DESTINATION_STOPPED: "{destination} takes no starts: {outcome}",
        ConcernKind.WAITING_LONG: "Starts for {destination} are due and do not go",
        ConcernKind.SOURCE_REFUSED: "All calls of source {source} are refused ({refused_as})",
        ConcernKind.CONFIGURATION_REFUSED: "The changed configuration can't be used: "
        "faults: {faults}; {still_in_use} stays in use",
        ConcernKind.STORE_UNAVAILABLE: "The store takes no writes: callers get 503",
    },
    Language.RU: {
        ConcernKind.PROBLEM: "Запуски не проходят: {target} {scenario} на {destination}: {outcome}",
        ConcernKind.DESTINATION_STOPPED: "{destination} не принимает запуски: {outcome}",
        ConcernKind.WAITING_LONG: "Запуски для {destination} пора отправить, но они не уходят",
        ConcernKind.SOURCE_REFUSED: "Все вызовы источника {source} отклоняются ({refused_as})",
        ConcernKind.CONFIGURATION_REFUSED: "Новая конфигурация не годится: ошибок: {faults}; "
        "работает прежняя, {still_in_use}",
        ConcernKind.STORE_UNAVAILABLE: "Хранилище не пишет: вызывающие получают 503",
    },
}
COUNTS: Mapping[Language, Mapping[str, str]] = {
    Language.EN: {"letters": "dead letters: {}", "people": "people: {}", "calls": "calls: {}"},
    Language.RU: {"letters": "не доставлено: {}", "people": "людей: {}", "calls": "вызовов: {}"},
}
OUTCOMES: Mapping[Language, Mapping[str, str]] = {
    Language.EN: {
        OutcomeKind.UNKNOWN_PROFILE: "Altcraft knows no such profile",
        OutcomeKind.SCENARIO_UNAVAILABLE: "it does not exist or is not active",
        OutcomeKind.TOKEN_REFUSED: "the token is refused",
        OutcomeKind.PLAN_LIMIT: "the limit of the plan is reached",
        OutcomeKind.MALFORMED: "Altcraft can't use the request",
        OutcomeKind.THROTTLED: "Altcraft was asked too often",
        OutcomeKind.TEMPORARY: "Altcraft fails",
        OutcomeKind.NOT_SENT: "Altcraft can't be reached",
        OutcomeKind.IN_DOUBT: "nobody knows whether they started",
        OutcomeKind.UNREADABLE: "the answers are not Altcraft's",
        OutcomeKind.UNKNOWN_CODE: "Altcraft refuses with a code that is not known",
        Ending.EXPIRED: "they waited longer than `expires`",
    },
    Language.RU: {
        OutcomeKind.UNKNOWN_PROFILE: "Altcraft не знает такого профиля",
        OutcomeKind.SCENARIO_UNAVAILABLE: "не существует или не активен",
        OutcomeKind.TOKEN_REFUSED: "токен не принят",
        OutcomeKind.PLAN_LIMIT: "исчерпан лимит тарифа",
        OutcomeKind.MALFORMED: "Altcraft не понимает запрос",
        OutcomeKind.THROTTLED: "слишком частые запросы",
        OutcomeKind.TEMPORARY: "Altcraft отвечает ошибкой",
        OutcomeKind.NOT_SENT: "нет соединения с Altcraft",
        OutcomeKind.IN_DOUBT: "неизвестно, начались ли они",
        OutcomeKind.UNREADABLE: "ответы не похожи на ответы Altcraft",
        OutcomeKind.UNKNOWN_CODE: "отказ с неизвестным кодом",
        Ending.EXPIRED: "ждали дольше, чем `expires`",
    },
}
ADVICE: Mapping[Language, Mapping[Advice, str]] = {
    Language.EN: {
        Advice.ACTIVATE_SCENARIO: "activate it in Altcraft or correct its number, then replay",
        Advice.RENEW_TOKEN: "give the token its rights or make a new one",
        Advice.RAISE_PLAN: "have the limit raised, or wait for the next period",
        Advice.MEND_RULE: "look at the text of an attempt, mend the rule, replay by today's rules",
        Advice.CHECK_IDENTITY: "does the profile exist? else `on_unknown_profile`, another `match`",
        Advice.JUDGE_DOUBT: "look into the history of the profiles; replay what did not start",
        Advice.ASK_PLATFORM: "look at the state of the platform, tell its support; then replay",
        Advice.CHECK_NETWORK: "look at name, port, certificate and the way to the platform",
        Advice.CHECK_ADDRESS: "look at `url` and at what stands in between",
        Advice.LOWER_RATE: "lower `rate`",
        Advice.NAME_CODE: "give the code a meaning under `outcomes`",
        Advice.CHECK_DELAY: "find out why they waited; a replay starts them in spite of it",
        Advice.CHECK_WORKERS: "does a process deliver? is `rate` enough?",
        Advice.CHECK_PROOF: "look at `call.refused` in the log: a secret or a proxy has changed",
        Advice.MEND_FILE: "`bridge check` names the faults",
        Advice.FREE_STORE: "make room, or make the store writable",
        Advice.NOTHING: "nothing",
    },
    Language.RU: {
        Advice.ACTIVATE_SCENARIO: "активируйте его в Altcraft или исправьте номер, затем повторите",
        Advice.RENEW_TOKEN: "дайте токену права или выпустите новый",
        Advice.RAISE_PLAN: "увеличьте лимит или дождитесь следующего периода",
        Advice.MEND_RULE: "прочтите текст попытки, исправьте правило, повторите по новым правилам",
        Advice.CHECK_IDENTITY: "есть ли профиль? иначе `on_unknown_profile` или другой `match`",
        Advice.JUDGE_DOUBT: "проверьте историю профилей; повторите то, что не началось",
        Advice.ASK_PLATFORM: "проверьте платформу, сообщите поддержке; затем повторите",
        Advice.CHECK_NETWORK: "проверьте имя, порт, сертификат и путь до платформы",
        Advice.CHECK_ADDRESS: "проверьте `url` и то, что стоит между",
        Advice.LOWER_RATE: "уменьшите `rate`",
        Advice.NAME_CODE: "дайте коду значение в `outcomes`",
        Advice.CHECK_DELAY: "выясните, почему они ждали; повтор запустит их всё равно",
        Advice.CHECK_WORKERS: "работает ли процесс доставки? хватает ли `rate`?",
        Advice.CHECK_PROOF: "найдите `call.refused` в журнале: изменился секрет или прокси",
        Advice.MEND_FILE: "`bridge check` назовёт ошибки",
        Advice.FREE_STORE: "освободите место или верните право записи",
        Advice.NOTHING: "ничего",
    },
}


def title(concern: Concern, language: Language) -> str:
    """What it is, in a line."""
    about = dict(concern.about)
    outcome = str(about.get("outcome", ""))
    about["outcome"] = OUTCOMES[language].get(outcome, outcome)
    about["target"] = TARGETS[language].get(str(about.get("target")), "")
    return KINDS[language][concern.kind].format_map(about)


def counts(concern: Concern, language: Language) -> list[str]:
    """How many it met."""
    known = COUNTS[language].items()
    return [text.format(concern.about[name]) for name, text in known if name in concern.about]
