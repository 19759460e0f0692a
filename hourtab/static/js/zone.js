/* Preselects the browser's time zone and locale on the sign-up form, where the form has them. */
const { timeZone, locale } = Intl.DateTimeFormat().resolvedOptions();
for (const [name, value] of [["zone", timeZone], ["locale", locale]]) {
  const select = document.querySelector(`select[name="${name}"]`);
  if (select && !select.dataset.touched && [...select.options].some((option) => option.value === value)) select.value = value;
}
