import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { breakEven } from './breakeven';
import { useAsked, useDo, useLive, useMemory, useServices } from './context';
import * as format from './format';
import { Facts, Failure, Loading, Note } from './parts';
import { ILedger } from './types';

const DAY = 86_400;
const SPANS = [7, 30, 365];

function spanName(days: number, trans: TranslationBundle): string {
  const names: Record<number, string> = {
    7: trans.__('last week'),
    30: trans.__('last month'),
    365: trans.__('last year')
  };
  return names[days];
}
const MODELS = ['claude-sonnet-4-5', 'claude-opus-4-5', 'gpt-5', 'gpt-5-mini', 'gemini-2.5-pro', 'deepseek-chat'];

/** What the work cost here, and what it would have cost elsewhere. */
export function LedgerSection(): JSX.Element {
  const { trans, model, actions } = useServices();
  const act = useDo();
  const version = useLive(state => state.historyVersion);
  const [days, setDays] = useMemory('ledger:days', 7);
  const [baseline, setBaseline] = useMemory('ledger:baseline', '');
  const [hardware, setHardware] = useMemory('ledger:hardware', 0);
  const since = React.useMemo(() => Math.floor(Date.now() / 1000) - days * DAY, [days, version]);
  const ledger = useAsked(
    () => model.api.ledger({ since, baselines: baseline || undefined }),
    [since, baseline],
    150
  );
  if (ledger.error) {
    return <Failure error={ledger.error} again={ledger.again} />;
  }
  if (!ledger.value) {
    return <Loading />;
  }
  const value = ledger.value;
  const base = value.baselines[0];
  const perWeek = 7 / days;
  const even = breakEven(hardware, (base?.cost ?? 0) * perWeek, value.energy_cost * perWeek);
  const change = (name: 'watts' | 'tariff', text: string) => {
    const number = Number(text);
    if (text !== '' && Number.isFinite(number) && number >= 0) {
      act(async () => {
        await actions.changeSettings({ [name]: number });
        ledger.again();
      });
    }
  };
  return (
    <>
      <div className="jja-numbers jja-two">
        <label>
          {trans.__('Time span')}
          <select className="jja-input" value={days} onChange={e => setDays(Number(e.target.value))}>
            {SPANS.map(length => (
              <option key={length} value={length}>
                {spanName(length, trans)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {trans.__('Compare with')}
          <input
            className="jja-input"
            list="jja-models"
            key={base?.model}
            defaultValue={baseline || base?.model || ''}
            spellCheck={false}
            onBlur={e => setBaseline(e.target.value.trim())}
            onKeyDown={e => e.key === 'Enter' && setBaseline(e.currentTarget.value.trim())}
          />
        </label>
        <datalist id="jja-models">
          {MODELS.map(name => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </div>
      {value.runs === 0 ? (
        <div className="jja-empty">{trans.__('Nothing was generated in this time.')}</div>
      ) : (
        <>
          <Chart ledger={value} days={days} />
          <table className="jja-costs">
            <thead>
              <tr>
                <td />
                <th scope="col">{trans.__('here, %1', value.currency)}</th>
                <th scope="col">{trans.__('%1, %2', base?.model ?? '–', 'USD')}</th>
              </tr>
            </thead>
            <tbody>
              <tr>
                <th scope="row">{trans.__('Cost')}</th>
                <td>{format.amount(value.energy_cost)}</td>
                <td title={base?.note}>{base?.cost == null ? '–' : format.amount(base.cost)}</td>
              </tr>
              <tr>
                <th scope="row">{trans.__('Per solved task')}</th>
                <td>{value.cost_per_solved === null ? '–' : format.amount(value.cost_per_solved)}</td>
                <td>{base?.per_solved == null ? '–' : format.amount(base.per_solved)}</td>
              </tr>
            </tbody>
          </table>
          {base?.cost == null && base?.note && <Note kind="warning" text={base.note} />}
        </>
      )}
      <Facts
        facts={[
          [
            trans.__('Tokens'),
            trans.__(
              '%1 in (%2 cached), %3 out',
              format.short(value.usage.prompt_tokens),
              format.short(value.usage.cached_tokens),
              format.short(value.usage.completion_tokens)
            )
          ],
          [trans.__('Solved'), trans.__('%1 of %2 runs', format.count(value.solved), format.count(value.runs))],
          [trans.__('Model busy'), format.seconds(value.usage.seconds)],
          [trans.__('Energy'), format.energy(value.energy_kwh)]
        ]}
      />
      <div className="jja-numbers">
        <Numeric label={trans.__('Watts')} value={value.watts} set={text => change('watts', text)} />
        <Numeric
          label={trans.__('%1 per kWh', value.currency)}
          value={value.tariff}
          set={text => change('tariff', text)}
        />
        <Numeric
          label={trans.__('Hardware, %1', value.currency)}
          value={hardware}
          set={text => setHardware(Math.max(0, Number(text) || 0))}
        />
      </div>
      {hardware > 0 && (
        <div className="jja-hint" role="status">
          {even.weeks === null
            ? trans.__('At this use the hardware is never paid for: it saves %1 a week.', format.money(even.savedPerWeek, value.currency))
            : trans.__('The hardware is paid for after %1 weeks: it saves %2 a week.', even.weeks.toFixed(even.weeks < 10 ? 1 : 0), format.money(even.savedPerWeek, value.currency))}
        </div>
      )}
    </>
  );
}

function Numeric(props: { label: string; value: number; set: (text: string) => void }): JSX.Element {
  return (
    <label>
      {props.label}
      <input
        className="jja-input"
        type="number"
        min={0}
        step="any"
        key={props.value}
        defaultValue={props.value}
        onBlur={e => Number(e.target.value) !== props.value && props.set(e.target.value)}
        onKeyDown={e => e.key === 'Enter' && e.currentTarget.blur()}
      />
    </label>
  );
}

const WIDTH = 280;
const HEIGHT = 60;

/** Tokens a day as bars: those of solved runs' days are labelled by their count on hover. */
function Chart(props: { ledger: ILedger; days: number }): JSX.Element {
  const { trans } = useServices();
  const known = new Map(props.ledger.days.map(d => [d.day, d]));
  const shown = Math.min(props.days, 60);
  const names = Array.from({ length: shown }, (_, i) => dayName(Date.now() - (shown - 1 - i) * DAY * 1000));
  const values = names.map(day => {
    const usage = known.get(day)?.usage;
    return usage ? usage.prompt_tokens + usage.completion_tokens : 0;
  });
  const most = Math.max(1, ...values);
  const step = WIDTH / shown;
  const total = values.reduce((a, b) => a + b, 0);
  const label = trans.__('Tokens a day, %1 in all, at most %2', format.count(total), format.count(most));
  return (
    <figure className="jja-chart">
      <figcaption className="jja-facts">
        <span>{trans.__('Tokens a day')}</span>
        <span>{trans.__('at most %1', format.short(most))}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {values.map((value, i) => {
          const height = (HEIGHT * value) / most;
          const entry = known.get(names[i]);
          return (
            <rect key={names[i]} x={i * step + step * 0.12} width={step * 0.76} y={HEIGHT - height} height={height}>
              <title>
                {`${names[i]}: ${format.count(value)}${entry ? `, ${entry.solved}/${entry.runs} ✓` : ''}`}
              </title>
            </rect>
          );
        })}
      </svg>
      <div className="jja-facts">
        <span>{dayLabel(names[0])}</span>
        <span>{trans.__('today')}</span>
      </div>
    </figure>
  );
}

/** `2026-11-27` in the reader's way. */
function dayLabel(day: string): string {
  return new Date(`${day}T12:00`).toLocaleDateString([], { day: 'numeric', month: 'short' });
}

function dayName(ms: number): string {
  const d = new Date(ms);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
}
