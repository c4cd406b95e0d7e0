import { readFile, readlink } from 'node:fs/promises';
import { readBootId } from './boot-id.ts';
import { hasCode } from './has-code.ts';

/** Tells a process from every other, also from a later one with the same number. No part holds a space. */
export interface ProcessStamp {
  readonly pid: number;
  /** Clock ticks from boot to its start; empty where there is no /proc. */
  readonly start: string;
  /** Where its number counts: the kernel's boot and the container. Stamps of two realms cannot be compared. */
  readonly realm: string;
}

export async function ownStamp(): Promise<ProcessStamp> {
  const boot = await readBootId();
  const namespace = await orEmpty(readlink('/proc/self/ns/pid'));
  const realm = `${boot.slice(0, 8)}${namespace.replace(/\D/g, '')}`;
  return { pid: process.pid, start: await startOf(process.pid), realm };
}

/** Whether a process of our own realm still runs. */
export async function isRunning(stamp: ProcessStamp): Promise<boolean> {
  if (stamp.start !== '') return (await startOf(stamp.pid)) === stamp.start;
  try {
    return process.kill(stamp.pid, 0);
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

/** Field 22 of its stat; the name in field 2 may itself hold spaces and brackets. A zombie runs no more. */
async function startOf(pid: number): Promise<string> {
  const stat = await orEmpty(readFile(`/proc/${pid}/stat`, 'utf8'));
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? '' : (rest[18] ?? '');
}

async function orEmpty(text: Promise<string>): Promise<string> {
  try {
    return await text;
  } catch {
    return '';
  }
}
