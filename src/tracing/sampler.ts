import type { Attributes, Context, Link, SpanKind } from '@opentelemetry/api'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace'

function rootSampler(name: string, ratio: number): Sampler {
  if (name === 'always_on') {
    return new AlwaysOnSampler()
  }
  return name === 'always_off' ? new AlwaysOffSampler() : new TraceIdRatioBasedSampler(ratio)
}

/** Samples as another sampler says, and whatever links to what was sampled: a call to Vault follows its requests. */
class LinkedSampler implements Sampler {
  readonly #others: Sampler

  constructor(others: Sampler) {
    this.#others = others
  }

  shouldSample(
    ...[context, traceId, name, kind, attributes, links]: [
      Context,
      string,
      string,
      SpanKind,
      Attributes,
      Link[],
    ]
  ) {
    if (links.length > 0) {
      return { decision: SamplingDecision.RECORD_AND_SAMPLED }
    }
    return this.#others.shouldSample(context, traceId, name, kind, attributes, links)
  }

  toString(): string {
    return `Linked{${this.#others}}`
  }
}

/**
 * The sampler that OTEL_TRACES_SAMPLER names.
 *
 * @param ratio OTEL_TRACES_SAMPLER_ARG, from 0 to 1
 */
export function createSampler(name: string, ratio: number): Sampler {
  const root = rootSampler(name.replace('parentbased_', ''), ratio)
  return new LinkedSampler(name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root)
}
