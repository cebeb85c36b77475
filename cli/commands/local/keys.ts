/** Single keys of a person at a terminal, without Enter. */
export interface Keys {
  /** The next key that is pressed from now on; what was pressed before is forgotten. `undefined` at the end of input. */
  next(): Promise<string | undefined>;
  /** Gives the terminal back as it was. */
  close(): void;
}

/** @param onStop told of Ctrl-C and `q` at any time: in this mode the terminal sends no signal */
export function readKeys(
  stdin: Pick<NodeJS.Process['stdin'], 'setRawMode' | 'on' | 'off' | 'resume' | 'pause'>,
  onStop: () => void,
): Keys {
  let waiting: ((key: string | undefined) => void) | undefined;
  const give = (key: string | undefined): void => {
    waiting?.(key);
    waiting = undefined;
  };
  const onData = (bytes: Buffer): void => {
    const key = bytes.toString('utf8');
    // Ctrl-C, q
    if (key === '\u0003' || key === 'q') {
      onStop();
      give(undefined);
    } else give(key);
  };
  const onEnd = (): void => give(undefined);
  stdin.setRawMode(true);
  stdin.on('data', onData);
  stdin.on('end', onEnd);
  stdin.resume();
  return {
    next: () => new Promise((resolve) => (waiting = resolve)),
    close() {
      stdin.off('data', onData);
      stdin.off('end', onEnd);
      stdin.setRawMode(false);
      stdin.pause();
      give(undefined);
    },
  };
}
