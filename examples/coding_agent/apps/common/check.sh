# Looks at each file of the app, slowly enough to be watched.
wrong=0
for file in index.html style.css app.js; do
  if [ -s "$file" ]; then
    echo "ok    $file, $(wc -c < "$file") bytes"
  else
    echo "wrong $file is empty or missing"; wrong=1
  fi
  sleep "${PAUSE:-0.3}"
done
for wanted in style.css app.js; do
  if grep -q "$wanted" index.html; then
    echo "ok    index.html uses $wanted"
  else
    echo "wrong index.html does not use $wanted"; wrong=1
  fi
  sleep "${PAUSE:-0.3}"
done
if grep -nE 'https?://' index.html app.js style.css; then
  echo "wrong it asks others"; wrong=1
else
  echo "ok    it asks nobody else"
fi
exit "$wrong"
