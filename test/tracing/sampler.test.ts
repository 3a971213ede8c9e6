import { ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api'
import { SamplingDecision } from '@opentelemetry/sdk-trace'
import t from 'tap'
import { createSampler } from '../../src/tracing/sampler.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const below = (traceFlags: number) =>
  trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: '00f067aa0ba902b7', traceFlags, isRemote: true })
const contexts = { root: ROOT_CONTEXT, sampled: below(TraceFlags.SAMPLED), unsampled: below(TraceFlags.NONE) }

const sampled = (
  name: string,
  ratio: number,
  context = contexts.root,
  links: { context: typeof span }[] = [],
) =>
  createSampler(name, ratio).shouldSample(context, traceId, 'x', SpanKind.SERVER, {}, links).decision ===
  SamplingDecision.RECORD_AND_SAMPLED
const span = { traceId, spanId: '00f067aa0ba902b7', traceFlags: 1 }

t.test('each sampler of the standard decides as it is named', async (t) => {
  // [no parent, a sampled parent, an unsampled parent]
  const expected: Record<string, [boolean, boolean, boolean]> = {
    'always_on 1': [true, true, true],
    'always_off 1': [false, false, false],
    'traceidratio 1': [true, true, true],
    'traceidratio 0': [false, false, false],
    'parentbased_always_on 1': [true, true, false],
    'parentbased_always_off 1': [false, true, false],
    'parentbased_traceidratio 1': [true, true, false],
    'parentbased_traceidratio 0': [false, true, false],
  }
  for (const [key, decisions] of Object.entries(expected)) {
    const [name, ratio] = key.split(' ') as [string, string]
    const found = [contexts.root, contexts.sampled, contexts.unsampled].map((context) =>
      sampled(name, Number(ratio), context),
    )
    t.strictSame(found, decisions, key)
  }
})

t.test('what is linked to a sampled request is sampled too', async (t) => {
  t.ok(sampled('always_off', 1, contexts.root, [{ context: span }]))
  t.ok(sampled('traceidratio', 0, contexts.root, [{ context: span }]))
})
