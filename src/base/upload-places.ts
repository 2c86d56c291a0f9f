/** How many uploads each sender may have under way in this process. */
import { GatewayError } from './errors.ts';

/** Counts one more of a sender until the call of what it returns. `TOO_MANY_UPLOADS`. */
export type UploadPlaces = (sender: string) => () => void;

export function createUploadPlaces(atOnceMax: number): UploadPlaces {
  const underWay = new Map<string, number>();
  return (sender) => {
    const others = underWay.get(sender) ?? 0;
    if (others >= atOnceMax) throw new GatewayError('TOO_MANY_UPLOADS', { retryAfterSeconds: 1 });
    underWay.set(sender, others + 1);
    return () => {
      const left = (underWay.get(sender) ?? 1) - 1;
      if (left > 0) underWay.set(sender, left);
      else underWay.delete(sender);
    };
  };
}
