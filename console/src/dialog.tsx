/** Asks before it is done: a window over the page, left by Escape or its button. */
import type { ReactNode } from 'react';
import { Button, Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { useLanguage } from './language.tsx';

interface ActionDialogProps {
  /** What the button says that opens it. */
  opens: string;
  title: string;
  isGrave?: boolean;
  children: (close: () => void) => ReactNode;
}

export function ActionDialog({ opens, title, isGrave = false, children }: ActionDialogProps) {
  const { say } = useLanguage();
  return (
    <DialogTrigger>
      <Button className={isGrave ? 'grave' : ''}>{opens}</Button>
      <ModalOverlay className="over" isDismissable>
        <Modal className="modal">
          <Dialog>
            {({ close }) => (
              <>
                <Heading slot="title">{title}</Heading>
                {children(close)}
                <Button onPress={close}>{say.cancel}</Button>
              </>
            )}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}
