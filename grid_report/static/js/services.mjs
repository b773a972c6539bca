// "Near me": the phone says where it is, once it is asked to.
for (const button of document.querySelectorAll("[data-near]")) {
  if (!navigator.geolocation) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    button.classList.add("is-busy");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const target = new URL(button.dataset.near, location.href);
        // A hundred metres are near enough, and no address keeps where somebody stood.
        target.searchParams.set("near", `${coords.latitude.toFixed(3)},${coords.longitude.toFixed(3)}`);
        location.assign(target);
      },
      () => {
        button.classList.remove("is-busy");
        const error = document.querySelector("[data-near-error]");
        error.textContent = button.dataset.nearFailed;
        error.hidden = false;
      },
      { timeout: 8000, maximumAge: 60000 },
    );
  });
}
