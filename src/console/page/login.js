import { byId } from "./dom.js";

const token = /** @type {HTMLInputElement} */ (byId("token"));

byId("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch("/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token: token.value }),
  }).catch(() => null);
  if (answer?.ok === true) location.reload();
  else byId("trouble").textContent = answer === null ? "The console does not answer." : "That is not the token.";
});
