/** Which threads come first on a machine whose cores are all busy. */
import { readdirSync, readFileSync } from 'node:fs';
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
  if (process.platform === 'linux') makeNicer(0);
}

/**
 * V8's helpers give way too: of their own they mark the heaps of all threads on as many cores as there are, while a request waits. What the
 * thread that serves must wait for (a collection's last moment) they do all the same, on the core that it leaves free.
 */
export function helpersGiveWay(): void {
  if (process.platform !== 'linux') return;
  const threads = '/proc/self/task';
  try {
    for (const thread of readdirSync(threads)) {
      if (readFileSync(`${threads}/${thread}/comm`, 'utf8').startsWith('V8Worker')) makeNicer(Number(thread));
    }
  } catch {
    // Without /proc, or where a thread has ended meanwhile, the others stay as they are.
  }
}

/** @param thread 0 for the one that calls */
function makeNicer(thread: number): void {
  try {
    setPriority(thread, Math.min(NICEST, getPriority(thread) + NICER_BY));
  } catch {
    // It shares its core evenly, as threads do elsewhere.
  }
}
