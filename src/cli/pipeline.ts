/** A few envelopes under way at a time: the next is made and sent while the last one is being written to disk. */
export interface Pipeline {
  /** Starts `send` as soon as fewer than `depth` are under way. Throws what an earlier one failed with. */
  push(send: () => Promise<void>): Promise<void>;
  /** Resolves when all are done; throws what the first of them failed with. */
  drain(): Promise<void>;
}

export function createPipeline(depth: number): Pipeline {
  const underWay: Promise<void>[] = [];
  const finishOldest = async () => {
    await underWay.shift();
  };
  return {
    async push(send) {
      while (underWay.length >= depth) await finishOldest();
      const sent = send();
      // Whoever awaits it hears of a failure; until then it is not unhandled.
      sent.catch(() => undefined);
      underWay.push(sent);
    },
    async drain() {
      while (underWay.length > 0) await finishOldest();
    },
  };
}
