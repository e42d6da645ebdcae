// Every page is whole without this.
"use strict";

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.onclick = () => print();
}

// Leaving quickly takes the page out of the way back too.
for (const link of document.querySelectorAll("[data-quick-exit]")) {
  link.onclick = (event) => {
    event.preventDefault();
    location.replace(link.href);
  };
}

// About to end, a session says so and goes on in place.
for (const bar of document.querySelectorAll("[data-ending]")) {
  const wait = () => setTimeout(() => { bar.hidden = false; }, bar.dataset.ending * 1e3);
  wait();
  bar.onsubmit = async (event) => {
    event.preventDefault();
    const { action } = event.target, body = new URLSearchParams(new FormData(event.target));
    const { headers } = await fetch(action, { method: "POST", body, headers: { "hx-request": "true" } });
    if (headers.has("hx-redirect")) location = headers.get("hx-redirect");
    bar.hidden = true;
    wait();
  };
}
