/** The face of a listener: colours and initials of the id. */
import styles from './avatar.module.css';
import { coloursOf, hashOfText, initialsOf } from './identity.ts';

/** Ids end in what tells them apart: a number of up to three digits, where there is one. */
function faceText(id: string): string {
  const number = /(\d{1,3})$/.exec(id)?.[1];
  return number !== undefined ? String(Number(number)) : initialsOf(id);
}

export function Avatar({ id, size }: { readonly id: string; readonly size: number }) {
  const [from, to] = coloursOf(`listener ${id}`);
  const angle = hashOfText(id) % 360;
  return (
    <span
      className={styles.avatar}
      style={{
        width: size,
        height: size,
        fontSize: size * 0.36,
        backgroundImage: `linear-gradient(${angle}deg, ${from}, ${to})`,
      }}
      aria-hidden="true"
    >
      {faceText(id)}
    </span>
  );
}
