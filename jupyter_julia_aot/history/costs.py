"""The ledger: tokens, seconds, energy and money, here and at API prices.

Prices come from the offline table of the ``genai-prices`` package ($ per million tokens:
input, cached input, output); nothing is downloaded. Energy is the user's own figure of watts
times the seconds the model was busy.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_julia_aot.history.store import History
from jupyter_julia_aot.records import Usage
from jupyter_julia_aot.settings import settings

JOULES_PER_KWH = 3.6e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What the same tokens would have cost elsewhere, in US dollars.

    ``cost`` and ``per_solved`` are ``None`` when the price table does not know the model
    (``note`` says so), ``per_solved`` also when nothing was solved.
    """

    model: str
    provider: str = ""
    cost: float | None = None
    per_solved: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerDay:
    """One local calendar day (``YYYY-MM-DD``)."""

    day: str
    runs: int
    solved: int
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Sums over the runs that asked a model, since a moment."""

    since: float
    """Seconds since the epoch."""
    runs: int
    solved: int
    """Runs with a candidate that passed its oracle."""
    usage: Usage
    """``seconds`` are those the model was busy."""
    energy_kwh: float
    energy_cost: float
    """``energy_kwh`` times the tariff, in ``currency``."""
    cost_per_solved: float | None
    currency: str
    baselines: tuple[Baseline, ...]
    days: tuple[LedgerDay, ...]


def ledger(
    history: History,
    since: float = 0.0,
    *,
    watts: float | None = None,
    tariff: float | None = None,
    baselines: Sequence[str] | None = None,
) -> Ledger:
    """Count the runs started at or after ``since`` (seconds since the epoch).

    ``watts``, ``tariff`` (per kWh) and the baseline models default to the settings.
    Raises :class:`~jupyter_julia_aot.errors.HistoryError` when the history cannot be read.
    """
    chosen = settings()
    watts = chosen.watts if watts is None else watts
    tariff = chosen.tariff if tariff is None else tariff
    models = [chosen.baseline_model] if baselines is None else list(baselines)
    days = _days(history, since)
    usage = sum((d.usage for d in days), Usage())
    runs, solved = sum(d.runs for d in days), sum(d.solved for d in days)
    energy = watts * usage.seconds / JOULES_PER_KWH
    cost = energy * tariff
    return Ledger(
        since=since,
        runs=runs,
        solved=solved,
        usage=usage,
        energy_kwh=energy,
        energy_cost=cost,
        cost_per_solved=cost / solved if solved else None,
        currency=chosen.currency,
        baselines=tuple(baseline(model, usage, solved) for model in models if model),
        days=days,
    )


def _days(history: History, since: float) -> tuple[LedgerDay, ...]:
    rows = history.rows(
        "SELECT strftime('%Y-%m-%d', started, 'unixepoch', 'localtime') AS day, count(*), "
        "sum(passed > 0), sum(prompt_tokens), sum(completion_tokens), sum(cached_tokens), "
        "sum(model_seconds) FROM run WHERE started >= ? AND prompt IS NOT NULL GROUP BY day ORDER BY day",
        (since,),
    )
    return tuple(
        LedgerDay(
            day=day,
            runs=runs,
            solved=solved,
            usage=Usage(prompt_tokens=into, completion_tokens=out, cached_tokens=cached, seconds=seconds),
        )
        for day, runs, solved, into, out, cached, seconds in rows
    )


def baseline(model: str, usage: Usage, solved: int = 0) -> Baseline:
    """Price ``usage`` as if ``model`` had answered, cached prompt tokens at the cached rate."""
    try:
        from genai_prices import Usage as Tokens
        from genai_prices import calc_price
    except ImportError:
        return Baseline(model=model, note="install genai-prices to compare with API prices")
    tokens = Tokens(
        input_tokens=usage.prompt_tokens,
        cache_read_tokens=min(usage.cached_tokens, usage.prompt_tokens),
        output_tokens=usage.completion_tokens,
    )
    try:
        price = calc_price(
            tokens, model_ref=model, genai_request_timestamp=datetime.datetime.now(datetime.UTC)
        )
    except LookupError:
        return Baseline(model=model, note=f"the price table does not know {model!r}")
    cost = float(price.total_price)
    return Baseline(
        model=model,
        provider=price.provider.name,
        cost=cost,
        per_solved=cost / solved if solved else None,
    )
