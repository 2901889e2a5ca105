const at = (id) => document.getElementById(id);
let begun = null; // when it was started last
let before = 0; // milliseconds that had passed by then

const passed = () => before + (begun === null ? 0 : performance.now() - begun);

function written(milliseconds) {
  const minutes = String(Math.floor(milliseconds / 60000)).padStart(2, "0");
  const seconds = ((milliseconds % 60000) / 1000).toFixed(2).padStart(5, "0");
  return `${minutes}:${seconds}`;
}

function show() {
  at("time").textContent = written(passed());
  if (begun !== null) requestAnimationFrame(show);
}

at("go").addEventListener("click", () => {
  before = passed();
  begun = begun === null ? performance.now() : null;
  if (begun === null) before = Math.floor(before);
  at("go").textContent = begun === null ? "Start" : "Stop";
  at("lap").disabled = begun === null;
  at("reset").disabled = false;
  show();
});

at("lap").addEventListener("click", () => {
  const lap = document.createElement("li");
  lap.textContent = written(passed());
  at("laps").append(lap);
});

at("reset").addEventListener("click", () => {
  begun = null;
  before = 0;
  at("go").textContent = "Start";
  at("lap").disabled = at("reset").disabled = true;
  at("laps").replaceChildren();
  show();
});
