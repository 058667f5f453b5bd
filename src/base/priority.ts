/** Which threads come first on a machine whose cores are all busy. */
import { setPriority } from 'node:os';

/** A thread at this niceness gets a third of the time of one at 0 with which it shares a core. */
const NICENESS = 5;

/**
 * The calling thread, and those that it starts from now on, give way to the others of the process: a request seldom waits
 * for what works behind serving. Only Linux knows the priority of a thread (setpriority(2): 0 is the caller); elsewhere it
 * is the whole process's, and stays as it is.
 */
export function giveWay(): void {
  if (process.platform === 'linux') setPriority(NICENESS);
}
