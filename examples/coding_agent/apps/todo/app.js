const at = (id) => document.getElementById(id);

function add(text) {
  const task = document.createElement("li");
  const label = document.createElement("label");
  const box = Object.assign(document.createElement("input"), { type: "checkbox" });
  const name = Object.assign(document.createElement("span"), { textContent: ` ${text}` });
  box.addEventListener("change", () => {
    task.classList.toggle("done", box.checked);
    count();
  });
  label.append(box, name);
  task.append(label);
  at("tasks").append(task);
  count();
}

function count() {
  const left = document.querySelectorAll("#tasks li:not(.done)").length;
  at("left").textContent = left === 0 ? "Nothing to do." : `${left} to do.`;
}

function take() {
  const text = at("text").value.trim();
  if (text) add(text);
  at("text").value = "";
  at("text").focus();
}

at("add").addEventListener("click", take);
at("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter") take();
});
