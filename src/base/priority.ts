/** Which threads come first on a machine whose cores are all busy. */
import { getPriority, setPriority } from 'node:os';

/** A thread that is nicer by this gets a third of the time of one with which it shares a core. */
const NICER_BY = 5;
const NICEST = 19;

/**
 * The calling thread, and those that it starts from now on, give way to the others of the process: a request seldom waits
 * for what works behind serving. Only Linux knows the priority of a thread (setpriority(2): 0 is the caller); elsewhere it
 * is the whole process's, and stays as it is. So it does in a sandbox that forbids the call: the work is done all the same.
 */
export function giveWay(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(Math.min(NICEST, getPriority() + NICER_BY));
  } catch {
    // It shares its core evenly, as threads do elsewhere.
  }
}
