/** Before anybody is chosen: whose Home shall it be? */
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { fetchListeners } from '../shell/api.ts';
import { Avatar } from '../shell/avatar.tsx';
import { DiceIcon } from '../shell/icons.tsx';
import { listenerName } from '../shell/identity.ts';
import { profileText } from '../shell/profile.ts';
import { Failure, Message } from '../shell/states.tsx';
import { ListenerPicker } from './listener-picker.tsx';
import styles from './welcome.module.css';

const OFFERED = 12;

interface WelcomeProps {
  readonly onPick: (listenerId: string) => void;
  readonly onSurprise: () => void;
}

export function Welcome({ onPick, onSurprise }: WelcomeProps) {
  const { data, error, refetch } = useQuery({
    queryKey: ['listeners', 'welcome'],
    queryFn: ({ signal }) => fetchListeners('', OFFERED, signal),
  });
  const offered = data?.listeners ?? [];
  if (error !== null) return <Failure failure={error} onRetry={() => void refetch()} />;
  if (data !== undefined && offered.length === 0) {
    return (
      <Message
        title="No listeners yet"
        text="A Home needs somebody to be for, and something to choose from."
        remedy="Start the demo world with “npm start”, or bring data in: “shelfwise import --help” says how."
      />
    );
  }
  return (
    <div className={styles.welcome}>
      <h1>Who’s listening?</h1>
      <p className={styles.lead}>Everybody has a Home of their own, made anew at every visit.</p>
      <ul className={styles.people}>
        {offered.map((listener) => (
          <li key={listener.id}>
            <button type="button" onClick={() => onPick(listener.id)}>
              <Avatar id={listener.id} size={92} />
              <span className={styles.name}>{listenerName(listener.id)}</span>
              <span className={styles.profile}>{profileText(listener.profile)}</span>
            </button>
          </li>
        ))}
      </ul>
      <div className={styles.others}>
        <Button size="md" radius="xl" leftSection={<DiceIcon />} onClick={onSurprise}>
          Surprise me
        </Button>
        <ListenerPicker listenerId="" profile={undefined} onPick={onPick} />
      </div>
    </div>
  );
}
