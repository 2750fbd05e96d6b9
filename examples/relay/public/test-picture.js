// A moving picture for where there is no camera.

const WIDTH = 640;
const HEIGHT = 360;
const FRAMES_PER_SECOND = 24;
const NOISE_ROWS = 24;

/** Returns a MediaStream that draws until its track is stopped. */
export function openTestPicture(hue) {
  const canvas = document.createElement('canvas');

  canvas.width = WIDTH;
  canvas.height = HEIGHT;

  const context = canvas.getContext('2d', { alpha: false });
  const noise = context.createImageData(WIDTH, NOISE_ROWS);
  const startedAt = performance.now();
  const draw = () => {
    drawFrame(context, noise, (performance.now() - startedAt) / 1000, hue);
  };

  draw();

  const stream = canvas.captureStream(FRAMES_PER_SECOND);
  const [track] = stream.getVideoTracks();
  const ticker = new Worker('ticker.js');

  ticker.onmessage = () => {
    if (track.readyState === 'live') draw();
    else ticker.terminate();
  };

  return stream;
}

function drawFrame(context, noise, seconds, hue) {
  const sky = context.createLinearGradient(0, 0, WIDTH, HEIGHT);

  sky.addColorStop(0, `hsl(${hue} 55% ${22 + 4 * Math.sin(seconds / 2)}%)`);
  sky.addColorStop(1, `hsl(${hue + 50} 65% 46%)`);
  context.fillStyle = sky;
  context.fillRect(0, 0, WIDTH, HEIGHT);

  drawWaves(context, seconds, hue);
  drawBall(context, seconds);
  drawClock(context, seconds);
  drawNoise(context, noise);
}

function drawWaves(context, seconds, hue) {
  for (let wave = 0; wave < 3; wave++) {
    context.beginPath();
    context.moveTo(0, HEIGHT);

    for (let x = 0; x <= WIDTH; x += 8) {
      const phase = x / (70 + wave * 25) + seconds * (1.6 - wave * 0.4);
      context.lineTo(x, 250 + wave * 28 + Math.sin(phase) * 16);
    }

    context.lineTo(WIDTH, HEIGHT);
    context.fillStyle = `hsl(${hue + wave * 14} 60% ${38 - wave * 9}% / 0.75)`;
    context.fill();
  }
}

function drawBall(context, seconds) {
  const x = 60 + bounce(seconds * 150, WIDTH - 120);
  const y = 215 - Math.abs(Math.sin(seconds * 2.6)) * 150;
  const shine = context.createRadialGradient(x - 12, y - 14, 4, x, y, 40);

  shine.addColorStop(0, '#fff7e8');
  shine.addColorStop(1, '#ff9d5c');
  context.beginPath();
  context.arc(x, y, 36, 0, 2 * Math.PI);
  context.fillStyle = shine;
  context.fill();
}

function drawClock(context, seconds) {
  context.font = '600 44px ui-monospace, Menlo, Consolas, monospace';
  context.textBaseline = 'top';
  context.fillStyle = '#fffc';
  context.fillText(`${seconds.toFixed(2)} s`, 28, 26);
  context.font = '500 18px system-ui, sans-serif';
  context.fillStyle = '#fffb';
  context.fillText('Test picture', 30, 80);
}

/** What no codec can foresee: makes the pictures as large as a camera's. */
function drawNoise(context, noise) {
  const pixels = new Uint32Array(noise.data.buffer);

  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = 0xff000000 | (Math.random() * 0xffffff);
  }

  context.putImageData(noise, 0, HEIGHT - NOISE_ROWS);
}

/** Runs from 0 to `length` and back. */
function bounce(distance, length) {
  const rest = distance % (2 * length);
  return rest < length ? rest : 2 * length - rest;
}
