/** A field whose words stand in the address: what is typed goes there once it has settled, and other words from there come into the field. */
import { useDebouncedValue } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';

const SETTLE_MS = 150;

export function useTyped(
  inAddress: string,
  onSettle: (text: string) => void,
): readonly [string, (text: string) => void] {
  const [typed, setTyped] = useState(inAddress);
  const [settled] = useDebouncedValue(typed.trim(), SETTLE_MS);
  /** What both last agreed upon. */
  const told = useRef(inAddress);
  useEffect(() => {
    if (settled === told.current) return;
    told.current = settled;
    onSettle(settled);
  }, [settled, onSettle]);
  useEffect(() => {
    if (inAddress === told.current) return;
    told.current = inAddress;
    setTyped(inAddress);
  }, [inAddress]);
  return [typed, setTyped];
}
