/** The page: nobody chosen, or one listener's Home. */
import { useQuery } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { useAddress } from './address.ts';
import { fetchListener } from './api.ts';
import { HomePage } from './home-page.tsx';
import { surprise } from './listener-picker.tsx';
import { PageHeader } from './page-header.tsx';
import { Welcome } from './welcome.tsx';

export function App() {
  const [address, change] = useAddress();
  const [renewals, setRenewals] = useState(0);
  const { listener } = address;
  const { data: summary } = useQuery({
    queryKey: ['listener', listener],
    queryFn: () => fetchListener(listener),
    enabled: listener !== '',
  });
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
        <main>
          <Welcome onPick={(picked) => change({ listener: picked })} onSurprise={surpriseMe} />
        </main>
      ) : (
        <HomePage key={listener} address={address} summary={summary} renewals={renewals} />
      )}
    </>
  );
}
