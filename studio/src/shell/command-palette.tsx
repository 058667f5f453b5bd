/** Search over everything: pages, listeners, items and actions. */
export default function CommandPalette({ onClose }: { readonly onClose: () => void }) {
  return <dialog open onClose={onClose} />;
}
