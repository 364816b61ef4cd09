// The microphone as a WAV file of 16 kHz, 16 bit, one channel: what ears take. It ends by itself when somebody who spoke
// is quiet.

const RATE = 16000;
const LOUD = 0.02,
  PAUSE = 900,
  EVERY = 50,
  LONGEST = 14000; // of full scale; the rest in milliseconds

export async function record() {
  if (!navigator.mediaDevices) {
    throw new Error("This browser gives the microphone to a page only over https, or on the machine itself.");
  }
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({audio: {channelCount: 1, echoCancellation: true}});
  } catch {
    throw new Error("I may not use the microphone here; the browser's settings for this page say so.");
  }
  const context = new AudioContext(),
    analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const recorder = new MediaRecorder(stream),
    pieces = [];
  recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
  recorder.start();
  return {
    over: over(analyser),
    async stop() {
      await context.close();
      await new Promise((done) => {
        recorder.addEventListener("stop", done, {once: true});
        recorder.stop();
      });
      for (const track of stream.getTracks()) track.stop();
      return wav(await samples(new Blob(pieces)));
    },
  };
}

// Resolves when somebody spoke and is quiet again, or after the longest time.
function over(analyser) {
  const wave = new Float32Array(analyser.fftSize),
    began = Date.now();
  let spoke = 0;
  return new Promise((done) => {
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(wave);
      const now = Date.now();
      if (Math.sqrt(wave.reduce((sum, one) => sum + one * one, 0) / wave.length) > LOUD) spoke = now;
      if ((!spoke || now - spoke < PAUSE) && now - began < LONGEST) return;
      clearInterval(timer);
      done();
    }, EVERY);
  });
}

async function samples(blob) {
  const context = new AudioContext();
  const heard = await context.decodeAudioData(await blob.arrayBuffer());
  await context.close();
  const offline = new OfflineAudioContext(1, Math.ceil(heard.duration * RATE), RATE);
  const source = offline.createBufferSource();
  source.buffer = heard;
  source.connect(offline.destination);
  source.start();
  return (await offline.startRendering()).getChannelData(0);
}

function wav(sound) {
  const view = new DataView(new ArrayBuffer(44 + 2 * sound.length));
  const write = (at, text) => [...text].forEach((one, step) => view.setUint8(at + step, one.charCodeAt(0)));
  write(0, "RIFF");
  view.setUint32(4, 36 + 2 * sound.length, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, 2 * RATE, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  write(36, "data");
  view.setUint32(40, 2 * sound.length, true);
  sound.forEach((one, at) => view.setInt16(44 + 2 * at, Math.max(-1, Math.min(1, one)) * 32767, true));
  return new Blob([view.buffer], {type: "audio/wav"});
}
