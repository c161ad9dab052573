import { useEffect, useRef } from "react";
import styles from "./Phone.module.css";
import { levelOf } from "./sound";

/** How loud a stream is, moving. Only an aid for the eye: the document is written without a rendering. */
export function LevelMeter({ name, stream }: { name: string; stream: MediaStream }) {
  const bar = useRef<HTMLElement>(null);
  useEffect(() => {
    const level = levelOf(stream);
    let frame = 0;
    const draw = () => {
      if (bar.current) bar.current.style.transform = `scaleX(${level.read().toFixed(2)})`;
      frame = requestAnimationFrame(draw);
    };
    draw();
    return () => {
      cancelAnimationFrame(frame);
      level.stop();
    };
  }, [stream]);
  return (
    <span className={styles.meter} aria-hidden>
      <span>{name}</span>
      <span>
        <i ref={bar} />
      </span>
    </span>
  );
}
