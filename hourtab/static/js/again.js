/* Looks again at a page whose work is not done. Without it, a link does. */
setTimeout(() => location.replace(location.href), 1500);
