import { fullName, type Visitor, visitors } from './visitors.ts'

/** Something that the demo's shop sells. */
export interface Product {
  id: string
  name: string
  price: string
  words: string
  /** paths of its picture in a box of 120 by 120; the second is the glaze */
  paths: [string, string]
}

export const products: readonly Product[] = [
  {
    id: 'bowl',
    name: 'Morning bowl',
    price: '€ 28',
    words: 'Stoneware, thrown by hand. Holds porridge, or the sea.',
    paths: [
      'M18 50h84c0 30-18 48-34 48H52C36 98 18 80 18 50Z',
      'M18 50h84c0 7-1 13-3 18-14 6-24-4-39-4s-26 9-39 3c-2-5-3-11-3-17Z',
    ],
  },
  {
    id: 'vase',
    name: 'Tall vase',
    price: '€ 64',
    words: 'For one branch, cut on a walk. Glazed inside and half-way up.',
    paths: [
      'M50 14h20v18c0 10 18 18 18 42 0 20-12 32-28 32S32 94 32 74c0-24 18-32 18-42V14Z',
      'M50 14h20v18c0 6 7 11 12 20-12 7-18-2-26-1-8 1-12 5-18 1 5-9 12-14 12-20V14Z',
    ],
  },
  {
    id: 'cup',
    name: 'Two-finger cup',
    price: '€ 22',
    words: 'Small, thick, warm for long. The handle takes two fingers.',
    paths: [
      'M28 36h52v8h8c10 0 16 6 16 15s-6 16-16 16h-9c-3 12-9 19-17 19H46C34 94 28 76 28 56V36Zm52 16v8c0 3 0 5-1 8h8c5 0 8-3 8-8s-3-8-8-8h-7Z',
      'M28 36h52v20c0 2 0 4-1 6-10 5-15-3-25-3s-16 6-26 2V36Z',
    ],
  },
  {
    id: 'plate',
    name: 'Supper plate',
    price: '€ 36',
    words: 'Wide rim, quiet colour. Four of them make a table.',
    paths: ['M60 16a44 44 0 1 1 0 88 44 44 0 0 1 0-88Z', 'M60 34a26 26 0 1 1 0 52 26 26 0 0 1 0-52Z'],
  },
]

const picture = ({ paths: [body, glaze] }: Product): string =>
  `<svg class="picture" viewBox="0 0 120 120" aria-hidden="true"><path class="body" d="${body}"/><path class="glaze" d="${glaze}"/></svg>`

const account = (visitor: Visitor | undefined): string =>
  visitor
    ? `<form id="log-out" class="account" method="post" action="/shop/log-out">
        <span>Logged in as <strong>${fullName(visitor)}</strong></span> <button>Log out</button>
      </form>`
    : `<form class="account" method="post" action="/shop/log-in">
        <span>Log in as</span>
        ${Array.from(visitors.values(), (it) => `<button name="visitor" value="${it.name}">${it.visitorData.firstName}</button>`).join('\n        ')}
      </form>`

/** The scripts that hand the tag its visitor */
const scripts = (visitor: Visitor | undefined): string =>
  (visitor ? ['chat.js', 'log-out.js'] : ['anonymous.js'])
    .map((name) => `<script src="/assets/${name}" defer></script>`)
    .join('\n  ')

/** A page. */
const page = (title: string, visitor: Visitor | undefined, content: string): string => `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <title>${title} · Brume</title>
  <link rel="icon" href="/assets/icon.svg">
  <link rel="stylesheet" href="/assets/colours.css">
  <link rel="stylesheet" href="/assets/shop.css">
  <link rel="stylesheet" href="/assets/chat.css">
  ${scripts(visitor)}
  <script src="/assets/tag.js" type="module"></script>
</head>
<body>
  <header aria-label="Brume">
    <a class="name" href="/shop">Brume</a>
    ${account(visitor)}
  </header>
  <main aria-label="Shop">
${content}
  </main>
</body>
</html>
`

/** All products. */
export const shopFront = (visitor: Visitor | undefined): string =>
  page(
    'Tableware',
    visitor,
    `    <h1>Tableware, made slowly</h1>
    <ul class="products">
${products
  .map(
    (product) => `      <li><a href="/shop/${product.id}">${picture(product)}
        <span>${product.name}</span> <span class="price">${product.price}</span></a></li>`,
  )
  .join('\n')}
    </ul>`,
  )

/** One product. */
export const productPage = (product: Product, visitor: Visitor | undefined): string =>
  page(
    product.name,
    visitor,
    `    <p><a class="back" href="/shop">← All pieces</a></p>
    <article class="product">${picture(product)}
      <div><h1>${product.name}</h1><p>${product.words}</p><p class="price">${product.price}</p></div>
    </article>`,
  )
