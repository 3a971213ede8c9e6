import type { VisitorData } from '../../src/token/claims.ts'

/** Somebody who can log in to the demo's shop. */
export interface Visitor {
  /** what the login form sends */
  name: string
  userId: string
  visitorData: VisitorData
}

/** The visitors by the name that the login form sends; their ids are opaque and never change. */
export const visitors: ReadonlyMap<string, Visitor> = new Map(
  [
    {
      name: 'jane',
      userId: '0b9c1f4e-6f0a-4f3b-9a55-2d1c7c1e8f01',
      visitorData: { firstName: 'Jane', lastName: 'Doe', city: 'Nantes', email: 'jane.doe@example.com' },
    },
    {
      name: 'amadou',
      userId: '5a2e7d90-1c44-4b0e-8f6d-93b7c0aa4e02',
      visitorData: { firstName: 'Amadou', lastName: 'Diallo', city: 'Lyon', email: 'amadou@example.com' },
    },
    {
      name: 'lin',
      userId: 'e81b3c25-77d2-4c19-b1f0-4f6a2d9d5b03',
      visitorData: { firstName: 'Lin', lastName: 'Wei', city: 'Lille', email: 'lin.wei@example.com' },
    },
  ].map((visitor) => [visitor.name, visitor]),
)

/** What a visitor is called on the shop's pages. */
export const fullName = ({ visitorData: { firstName, lastName } }: Visitor): string =>
  `${firstName} ${lastName}`
