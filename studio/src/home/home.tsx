/** Whose Home: the question while nobody is chosen, then one listener's. */
import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { fetchListener } from '../shell/api.ts';
import { listenerName } from '../shell/identity.ts';
import { rememberHome } from '../shell/last-home.ts';
import { useTitle } from '../shell/page-main.tsx';
import { HomePage } from './home-page.tsx';
import { surprise } from './listener-picker.tsx';
import { PageHeader } from './page-header.tsx';
import { useHomeAddress } from './use-home-address.ts';
import { Welcome } from './welcome.tsx';

export function Homes() {
  const [address, change] = useHomeAddress();
  const [renewals, setRenewals] = useState(0);
  const { listener } = address;
  useTitle(listener === '' ? '' : `Home of ${listenerName(listener)}`);
  const { data: summary } = useQuery({
    queryKey: ['listener', listener],
    queryFn: () => fetchListener(listener),
    enabled: listener !== '',
  });
  useEffect(() => {
    if (listener !== '') rememberHome({ listener, device: address.device });
  }, [listener, address.device]);
  const surpriseMe = useCallback(() => {
    surprise(listener).then(
      (other) => {
        if (other !== undefined) change({ listener: other });
      },
      (failure: unknown) => console.warn('No surprise:', failure),
    );
  }, [listener, change]);
  return (
    <>
      <PageHeader
        address={address}
        profile={summary?.profile}
        onChange={change}
        onSurprise={surpriseMe}
        onRenew={() => setRenewals((count) => count + 1)}
      />
      {listener === '' ? (
        <main id="main" tabIndex={-1}>
          <Welcome onPick={(picked) => change({ listener: picked })} onSurprise={surpriseMe} />
        </main>
      ) : (
        <HomePage key={listener} address={address} summary={summary} onChange={change} renewals={renewals} />
      )}
    </>
  );
}
