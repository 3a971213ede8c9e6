import { Counter, Gauge, type Registry } from 'prom-client'

/** A gauge that is read when metrics are collected; without a sample while it reads undefined. */
export function readGauge(
  registry: Registry,
  name: string,
  help: string,
  read: () => number | boolean | undefined,
): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      const value = read()
      if (value === undefined) {
        this.remove()
      } else {
        this.set(Number(value))
      }
    },
  })
}

/** A counter that another object keeps, read when metrics are collected. */
export function readCounter(registry: Registry, name: string, help: string, read: () => number): void {
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset()
      this.inc(read())
    },
  })
}
