import t from 'tap'
import { addressGroup, bareAddress } from '../../src/config/address-group.ts'

/** Values that count together, by what they count as. */
const groups: Readonly<Record<string, readonly string[]>> = {
  '192.0.2.7': [
    '192.0.2.7',
    '192.0.2.7:4711',
    '::ffff:192.0.2.7',
    '::FFFF:192.0.2.7',
    '[::ffff:192.0.2.7]',
    '[::ffff:192.0.2.7]:4711',
    '::ffff:c000:207',
    '0:0:0:0:0:ffff:192.0.2.7',
    '0000:0000:0000:0000:0000:FFFF:C000:0207',
  ],
  '2001:db8:1:2::/64': [
    '2001:db8:1:2:3:4:5:6',
    '2001:db8:1:2::9',
    '2001:0DB8:0001:0002::',
    '[2001:db8:1:2::9]',
    '[2001:db8:1:2::9]:443',
    '2001:db8:1:2::192.0.2.7',
  ],
  '2001:db8:0:0::/64': ['2001:db8::1'],
  '0:0:0:0::/64': ['::1', '[::1]:80', '::'],
  'fe80:0:0:0::/64': ['fe80::1%eth0', '[fe80::1%eth0]:80', 'fe80::1%1'],
  'no address': [
    'unknown',
    '_hidden',
    '_SEVKISEK:4711',
    '',
    ' ',
    'shop.example',
    'shop.example:443',
    '192.0.2.7:',
    '192.0.2.7:port',
    '192.0.2.7:123456',
    '192.0.2.256',
    '192.0.2',
    '0x7f.1',
    '0177.0.0.1',
    '2130706433',
    '[192.0.2.7',
    '192.0.2.7]',
    '[]',
    '[]:80',
    '[2001:db8::1',
    '2001:db8:1:2:3:4:5:6:7',
    '2001:db8::1::2',
    ':80',
    '[::1]x',
    '"192.0.2.7"',
    '192.0.2.7 192.0.2.8',
    '192.0.2.7\n',
    `${'1.'.repeat(30_000)}1`,
    `[${':'.repeat(60_000)}]`,
  ],
}

t.test(
  'one address counts once, however a proxy writes it; what is no address counts together',
  async (t) => {
    for (const [group, values] of Object.entries(groups)) {
      for (const value of values) {
        t.equal(addressGroup(value), group, JSON.stringify(value.slice(0, 50)))
      }
    }
    t.equal(addressGroup('[192.0.2.7]:80'), '192.0.2.7', 'brackets that nothing needs')
  },
)

t.test('what stands around an address is taken off', async (t) => {
  t.equal(bareAddress('[2001:db8::1]:443'), '2001:db8::1')
  t.equal(bareAddress('192.0.2.7:4711'), '192.0.2.7')
  t.equal(bareAddress('unknown'), 'unknown')
})
