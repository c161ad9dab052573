import { preferences } from "./preferences";

const RING_HZ = 425;
const RINGS_S = 1;
const EVERY_MS = 3_000;

let context: AudioContext | undefined;

/** The page's one audio context. Browsers let it sound only after the user has touched the page. */
export function audio(): AudioContext {
  context ??= new AudioContext();
  void context.resume();
  return context;
}

/** Rings until the returned function is called. */
export function ring(): () => void {
  const sound = () => {
    const oscillator = audio().createOscillator();
    const volume = audio().createGain();
    oscillator.frequency.value = RING_HZ;
    volume.gain.value = 0.15;
    oscillator.connect(volume).connect(audio().destination);
    oscillator.start();
    oscillator.stop(audio().currentTime + RINGS_S);
  };
  sound();
  const timer = setInterval(sound, EVERY_MS);
  return () => clearInterval(timer);
}

/** The element by which the far side of a call is heard, until the returned function is called. */
export function play(stream: MediaStream): () => void {
  const element = document.createElement("audio");
  element.autoplay = true;
  element.srcObject = stream;
  element.dataset.phone = "";
  document.body.append(element);
  const { speaker } = preferences();
  // Not every browser lets a page choose it.
  if (speaker && "setSinkId" in element) void element.setSinkId(speaker).catch(() => undefined);
  void element.play().catch(() => undefined);
  return () => element.remove();
}

/** Measures how loud a stream is, 0 to 1. Returns how to read it and how to stop. */
export function levelOf(stream: MediaStream): { read: () => number; stop: () => void } {
  const source = audio().createMediaStreamSource(stream);
  const analyser = audio().createAnalyser();
  analyser.fftSize = 1024;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return {
    read: () => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, one) => sum + one * one, 0) / samples.length;
      // From -60 dB to full scale.
      return Math.max(0, Math.min(1, 1 + Math.log10(Math.max(power, 1e-9)) / 6));
    },
    stop: () => source.disconnect(),
  };
}

/** Joins calls to a conference: each hears the microphone and all others. Returns how to end it. */
export function mixed(connections: readonly RTCPeerConnection[]): () => void {
  const before = connections.map((one) => one.getSenders().find(({ track }) => track?.kind === "audio"));
  const tracks = before.map((sender) => sender?.track ?? null);
  const sources = connections.map((one) => {
    const track = one.getReceivers().find((receiver) => receiver.track.kind === "audio")?.track;
    return track ? audio().createMediaStreamSource(new MediaStream([track])) : null;
  });
  const own = tracks.find((track) => track !== null);
  const microphone = own ? audio().createMediaStreamSource(new MediaStream([own])) : null;
  connections.forEach((_, index) => {
    const mix = audio().createMediaStreamDestination();
    microphone?.connect(mix);
    sources.forEach((source, other) => {
      if (other !== index) source?.connect(mix);
    });
    void before[index]?.replaceTrack(mix.stream.getAudioTracks()[0] ?? null);
  });
  return () => {
    before.forEach((sender, index) => {
      // One whose call has ended refuses.
      void sender?.replaceTrack(tracks[index] ?? null).catch(() => undefined);
    });
    for (const source of [...sources, microphone]) source?.disconnect();
  };
}
