/** The page: no key that the platform takes, nobody chosen, or one listener's Home. */
import { useQuery } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { useAddress } from './address.ts';
import { fetchListener } from './api.ts';
import { HomePage } from './home-page.tsx';
import { useKeyState } from './key.ts';
import { surprise } from './listener-picker.tsx';
import { PageHeader } from './page-header.tsx';
import { KeyRequest } from './states.tsx';
import { Welcome } from './welcome.tsx';

const nothing = () => undefined;

/** Nothing is asked of the platform before there is a key; the address waits for it. */
export function App() {
  const key = useKeyState();
  const [address, change] = useAddress();
  if (key === 'present') return <Homes />;
  return (
    <>
      <PageHeader
        address={{ ...address, listener: '' }}
        profile={undefined}
        onChange={change}
        onSurprise={nothing}
        onRenew={nothing}
      />
      <main>
        <KeyRequest complaint={key === 'refused' ? 'The platform does not know the key that this page has.' : ''} />
      </main>
    </>
  );
}

function Homes() {
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
