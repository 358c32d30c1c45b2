/** A sound, written a second at a time, so that a long one needs no more memory than a short one. */
export interface Sound {
  readonly bytes: number
  parts(): Generator<Buffer>
}

/** A beep a second, as a WAV file: 8,000 samples a second, 8 bits, mono. */
export function beep(seconds: number): Sound {
  const samples = seconds * SAMPLES_A_SECOND
  return {
    bytes: HEAD_BYTES + samples,
    *parts() {
      yield wavHead(samples)
      for (let second = 0; second < seconds; second += 1) yield ONE_SECOND
    },
  }
}

const SAMPLES_A_SECOND = 8_000
const HEAD_BYTES = 44
const SILENCE = 128

/** A quarter of a second at 440 Hz, then silence. */
const ONE_SECOND = Buffer.from(
  Array.from({ length: SAMPLES_A_SECOND }, (_, sample) =>
    sample < SAMPLES_A_SECOND / 4
      ? SILENCE + Math.round(60 * Math.sin((2 * Math.PI * 440 * sample) / SAMPLES_A_SECOND))
      : SILENCE,
  ),
)

/** The RIFF head of PCM sound: sizes are of what follows them, little-endian. */
function wavHead(samples: number): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.write('RIFF', 0)
  head.writeUInt32LE(HEAD_BYTES - 8 + samples, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20) // PCM
  head.writeUInt16LE(1, 22) // channels
  head.writeUInt32LE(SAMPLES_A_SECOND, 24)
  head.writeUInt32LE(SAMPLES_A_SECOND, 28) // bytes a second
  head.writeUInt16LE(1, 32) // bytes a sample
  head.writeUInt16LE(8, 34) // bits a sample
  head.write('data', 36)
  head.writeUInt32LE(samples, 40)
  return head
}
