// Reloads the page where Streamlit does not recover by itself; the address holds the experiment.
// - It has removed the whole page: the connection broke while the server sent a page, and after reconnecting the server
//   sends only the rest, which cannot be placed.
// - It has disconnected for good: a message was about one that the browser no longer had.
if (!window.normscapeRecovers) {
  window.normscapeRecovers = true;
  const isLost = () => !document.getElementById("root")?.childElementCount
    || document.querySelector('[data-testid="stApp"]')?.dataset.testConnectionState === "DISCONNECTED_FOREVER";
  const reload = () => {
    const recent = Date.now() - Number(sessionStorage.getItem("normscape-recovered")) < 5000;
    setTimeout(() => {
      if (!isLost()) return;
      sessionStorage.setItem("normscape-recovered", String(Date.now()));
      window.location.reload();
    }, recent ? 5000 : 200);
  };
  window.addEventListener("error", reload);
  setInterval(() => isLost() && reload(), 2000);
}
