import { BlockList, isIP } from 'node:net';

/** Addresses that hooks may come from. */
export interface AllowList {
  /** An IPv4 address also in its IPv6 form, `::ffff:10.1.2.3`. A text that is no address is not there. */
  has(address: string): boolean;
}

/** Of networks and addresses: `10.0.0.0/8`, `2001:db8::/32`, `192.0.2.7`. Throws what Node does at anything else. */
export function createAllowList(ranges: readonly string[]): AllowList {
  // Node's name for it; here what is on the list is let in.
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    if (bits === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(bits), familyOf(address));
  }
  return { has: (address) => isIP(address) !== 0 && list.check(address, familyOf(address)) };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
