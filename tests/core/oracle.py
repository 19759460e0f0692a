"""The calculation a second time, written from the specification alone, as plainly as it can be said.

It is slow and knows no caches, classes or shortcuts of the product: a document in, cycles and lines out.
"""

# What is defined inside the loop is used in the same turn of it.
# ruff: noqa: B023

from calendar import monthrange
from datetime import date, timedelta

DAY = timedelta(days=1)
KINDS = ["goodwill", "reinstated", "base", "topup"]
NEVER = 10**9
MONTHS = {"month": 1, "quarter": 3, "year": 12}
WEEKS = {"week": 7, "two_weeks": 14}


def half_up(a, b):
    return (-1 if a < 0 else 1) * ((2 * abs(a) + b) // (2 * b))


def day(text):
    return date.fromisoformat(text)


def grid(anchor, cadence, k):
    if cadence in WEEKS:
        return anchor + timedelta(days=WEEKS[cadence] * k)
    months = anchor.year * 12 + anchor.month - 1 + MONTHS[cadence] * k
    year, month = divmod(months, 12)
    return date(year, month + 1, min(anchor.day, monthrange(year, month + 1)[1]))


def place(anchor, cadence, on):
    k = 0
    while grid(anchor, cadence, k) > on:
        k -= 1
    while grid(anchor, cadence, k + 1) <= on:
        k += 1
    return k


def cycles_of(doc):
    """All cycles from the start through the one that holds as_of (or the last)."""
    r, as_of = doc["retainer"], day(doc["as_of"])
    starts, ends = day(r["starts_on"]), day(r["ends_on"]) if r.get("ends_on") else None
    versions = sorted(doc["terms"], key=lambda t: t["effective_on"])
    paused = {p["cycle"] for p in doc.get("pauses", [])}
    found, at = [], starts
    while at <= as_of and (ends is None or at <= ends):
        i = max(i for i, t in enumerate(versions) if i == 0 or day(t["effective_on"]) <= at)
        t = versions[i]
        if t["cadence"] == "once":
            first, until = at, ends + DAY if ends else date.max
        else:
            k = place(day(t["anchor_on"]), t["cadence"], at)
            first, until = (grid(day(t["anchor_on"]), t["cadence"], n) for n in (k, k + 1))
        whole, days = (until - first).days, (until - at).days
        if i + 1 < len(versions):
            until = min(until, day(versions[i + 1]["effective_on"]))
        last = ends is not None and until > ends
        if last:
            until = ends + DAY
        cap = t["cap"]
        if first != at:
            quantum = 60 if r.get("unit", "hour") == "hour" else 100
            cap = {
                "full": cap,
                "none": 0,
                "prorated": half_up(cap * days, whole * quantum) * quantum,
            }[t.get("stub", "full")]
        rests = at.isoformat() in paused
        found.append(
            {
                "index": len(found),
                "start": at,
                "until": until,
                "terms": t,
                "last": last,
                "cap": 0 if rests else cap,
                "paused": rests,
            }
        )
        at = until
    return found


def charged(e, terms):
    if e.get("scope", "retainer") != "retainer":
        return 0
    if e.get("outcome") in ("cancelled_in_time", "cancelled_by_provider", "rejected"):
        return 0
    if e.get("corrects"):
        return e["amount"]
    rule, raw = terms.get("rounding") or {}, e["amount"]
    step, mode, least = rule.get("step", 0), rule.get("mode", "up"), rule.get("minimum", 0)
    if raw:
        if step:
            down, rest = raw // step * step, raw % step
            up = (rest and mode == "up") or (mode == "nearest" and 2 * rest >= step)
            raw = down + (step if up else 0)
        raw = max(raw, least)
    return half_up(raw * e.get("weight", 100), 100)


def distance(c, on):
    """How many resets lie between a cycle and a day, as this cycle's terms would go on."""
    t = c["terms"]
    if on is None:
        return NEVER
    if t["cadence"] == "once":
        return 0
    anchor = day(t["anchor_on"])
    return max(0, place(anchor, t["cadence"], on) - place(anchor, t["cadence"], c["start"]))


def replay(doc):
    as_of = day(doc["as_of"])
    all_cycles = cycles_of(doc)
    if not all_cycles:
        return {"cycles": [], "lines": []}
    closes = {c["cycle"]: day(c["on"]) for c in doc.get("closes", [])}

    def index_of(on):
        return next((c["index"] for c in all_cycles if c["start"] <= on < c["until"]), None)

    def by_order(e):
        return (e["on"], e.get("started") or "", e["id"])

    def carrier(d):
        """The index of the cycle a decision belongs to."""
        own = index_of(day(d["cycle"]))
        if d["cycle"] in closes and closes[d["cycle"]] <= day(d["on"]):
            i = own
            while all_cycles[i]["start"].isoformat() in closes and closes[
                all_cycles[i]["start"].isoformat()
            ] <= day(d["on"]):
                i += 1
            return i
        return own

    entries = sorted(doc.get("entries", []), key=by_order)
    lots, lapses, owed, used_of, awaiting = [], [], [], {}, {}
    met, charged_for_debt = (
        {},
        {},
    )  # root -> what lots have paid of its debt; root -> [[rate, amount]] billed of it
    paid = {}  # root entry id -> list of [fate, amount, rate, cycle]
    out, lines = [], []
    auths = sorted(doc.get("authorisations", []), key=lambda a: (a["until"], a["from"], a["id"]))
    order_of_awaiting = {}  # cycle start -> roots in entry order
    for c in all_cycles:
        t, key = c["terms"], c["start"].isoformat()
        over = t.get("overage") or {}
        policy, rate, debt_max = over.get("policy", "ask"), over.get("rate"), over.get("debt_max")
        roll = t.get("rollover") or {}
        lasting = roll.get("cycles", 0)
        lasting = NEVER if lasting is None else lasting
        mine = [
            e
            for e in entries
            if (
                e.get("posted") or all_cycles[i]["start"].isoformat()
                if (i := index_of(day(e["on"]))) is not None or e.get("posted")
                else None
            )
            == key
        ]
        counted = [e for e in mine if day(e["on"]) <= as_of]
        is_open = c["start"] <= as_of < c["until"]
        billed_at, absorbed, settled, given_back, returned = {}, 0, 0, 0, {}

        def bill(at, amount):
            billed_at[at] = billed_at.get(at, 0) + amount

        carried_in = sum(lot["left"] for lot in lots)
        for lot in lots:
            if lot["ages"] and not c["paused"] and lot["more"] < NEVER:
                lot["more"] -= 1
        fresh = []
        # corrections go back first
        for e in counted:
            amount = -charged(e, t)
            if amount <= 0:
                continue
            given_back += amount
            parts, hours = paid[e["corrects"]], 0
            while amount:
                part = parts[-1]
                take = min(amount, part[1])
                part[1] -= take
                amount -= take
                fate = part[0]
                if fate == "drawn":
                    hours += take
                elif fate == "billed":
                    bill(part[2], -take)
                elif fate == "absorbed":
                    absorbed -= take
                elif fate == "awaiting":
                    awaiting[part[3]] -= take
                    settled += take
                elif fate == "debt":
                    rest = take
                    root = e["corrects"]
                    for portion in sorted(owed, key=lambda p: p[0] != root):
                        less = min(rest, portion[1])
                        portion[1] -= less
                        rest -= less
                        if portion[0] != root:  # what lots paid of this one stands for that one now
                            swap = min(less, met.get(root, 0))
                            met[root] = met.get(root, 0) - swap
                            met[portion[0]] = met.get(portion[0], 0) + swap
                            less -= swap
                            mine_billed = charged_for_debt.get(root, [])
                            while less and mine_billed:
                                x = min(less, mine_billed[-1][1])
                                mine_billed[-1][1] -= x
                                charged_for_debt.setdefault(portion[0], []).append(
                                    [mine_billed[-1][0], x]
                                )
                                less -= x
                                if not mine_billed[-1][1]:
                                    mine_billed.pop()
                    lots_paid = min(rest, met.get(root, 0))
                    met[root] = met.get(root, 0) - lots_paid
                    hours += lots_paid
                    rest -= lots_paid
                    while rest:
                        last = charged_for_debt[root][-1]
                        x = min(rest, last[1])
                        bill(last[0], -x)
                        last[1] -= x
                        rest -= x
                        if not last[1]:
                            charged_for_debt[root].pop()
                if not part[1]:
                    parts.pop()
            returned[e["id"]] = hours
            if hours:
                fresh.append(
                    {
                        "kind": "goodwill",
                        "id": e["id"],
                        "born": c["index"],
                        "date": key,
                        "more": lasting,
                        "ages": True,
                        "left": hours,
                        "granted": hours,
                        "until": None,
                        "by_date": False,
                    }
                )
        # then decisions are carried
        for d in doc.get("decisions", []):
            if carrier(d) != c["index"] or d["cycle"] == key or day(d["on"]) > as_of:
                continue
            awaiting[d["cycle"]] -= d["amount"]
            settled += d["amount"]
            at = (rate if d.get("rate") is None else d["rate"]) if d["outcome"] == "bill" else None
            fate = {"bill": "billed", "deduct": "debt", "absorb": "absorbed"}[d["outcome"]]
            kept = d["amount"]
            if fate == "billed":
                bill(at, d["amount"])
            elif fate == "debt":
                if debt_max is not None:
                    kept = min(kept, max(0, debt_max - sum(p[1] for p in owed)))
                bill(rate, d["amount"] - kept)
            else:
                absorbed += d["amount"]
            left = d["amount"]
            for root in order_of_awaiting.get(d["cycle"], []):
                done = []
                for part in paid[root]:
                    if part[0] == "awaiting" and part[3] == d["cycle"] and left:
                        take = min(left, part[1])
                        left -= take
                        now_owed = min(take, kept) if fate == "debt" else take
                        kept -= now_owed
                        if now_owed:
                            done.append([fate, now_owed, at, None])
                        if take - now_owed:
                            done.append(["billed", take - now_owed, rate, None])
                        if fate == "debt" and now_owed:
                            owed.append([root, now_owed])
                        if part[1] - take:
                            done.append([part[0], part[1] - take, part[2], part[3]])
                    else:
                        done.append(part)
                paid[root] = done
        # late hours
        reinstated = {}
        for e in counted:
            amount = charged(e, t)
            own = index_of(day(e["on"]))
            if amount <= 0 or own >= c["index"]:
                continue
            for lapse in lapses:
                if lapse["born"] <= own <= lapse["at"] and amount:
                    take = min(amount, lapse["left"])
                    lapse["left"] -= take
                    amount -= take
                    reinstated[e["id"]] = reinstated.get(e["id"], 0) + take
        reinstated = {k: v for k, v in reinstated.items() if v}
        # the pool
        transfers = sum(
            x["amount"] for x in doc.get("transfers", []) if index_of(day(x["on"])) == c["index"]
        )
        granted = 0 if c["paused"] else max(0, c["cap"] + transfers)
        if granted:
            fresh.append(
                {
                    "kind": "base",
                    "id": "",
                    "born": c["index"],
                    "date": key,
                    "more": lasting,
                    "ages": True,
                    "left": granted,
                    "granted": granted,
                    "until": None,
                    "by_date": False,
                }
            )
        topped_up = sum(lot["granted"] for lot in fresh if lot["kind"] == "goodwill")
        for x in doc.get("topups", []):
            if index_of(day(x["on"])) == c["index"]:
                until = x.get("until")
                fresh.append(
                    {
                        "kind": x.get("kind", "topup"),
                        "id": x["id"],
                        "born": c["index"],
                        "date": x["on"],
                        "more": 0,
                        "ages": False,
                        "left": x["amount"],
                        "granted": x["amount"],
                        "until": day(until)
                        if until and until != "never"
                        else None
                        if until == "never"
                        else day(x["on"]),
                        "by_date": True,
                    }
                )
                topped_up += x["amount"]
        lots += fresh

        def soonest(lot):
            more = distance(c, lot["until"]) if lot["by_date"] else lot["more"]
            return (more, KINDS.index(lot["kind"]), lot["born"], lot["date"], lot["id"])

        lots.sort(key=soonest)
        drawn = {f"reinstated:{k}": v for k, v in reinstated.items()}

        def name(lot):
            return f"base:{lot['date']}" if lot["kind"] == "base" else f"{lot['kind']}:{lot['id']}"

        def draw(amount):
            for lot in lots:
                take = min(amount, lot["left"])
                if take:
                    lot["left"] -= take
                    amount -= take
                    drawn[name(lot)] = drawn.get(name(lot), 0) + take
            return amount

        debt_in = sum(p[1] for p in owed)
        available = carried_in + granted + topped_up + sum(reinstated.values()) - debt_in
        paying = debt_in - draw(debt_in)
        for portion in owed:
            x = min(paying, portion[1])
            portion[1] -= x
            paying -= x
            met[portion[0]] = met.get(portion[0], 0) + x
        owed = [p for p in owed if p[1]]
        used = overage = authorised = rest = 0
        balance = available
        beyond = []  # (root, amount) in entry order
        for e in counted:
            amount = charged(e, t)
            if amount < 0:
                hours = returned[e["id"]]
                overage += amount + hours
                lines.append([e["id"], amount, -hours, amount + hours, balance])
                continue
            if e.get("scope", "retainer") != "retainer":
                lines.append([e["id"], 0, 0, 0, balance])
                continue
            root = e.get("corrects") or e["id"]
            parts = paid.setdefault(root, [])
            missing = draw(amount - reinstated.get(e["id"], 0))
            over_here = missing
            if amount - missing:
                parts.append(["drawn", amount - missing, None, None])
            for a in auths:
                if a["from"] <= e["on"] <= a["until"] and missing:
                    take = min(missing, a["amount"] - used_of.get(a["id"], 0))
                    if take:
                        used_of[a["id"]] = used_of.get(a["id"], 0) + take
                        missing -= take
                        authorised += take
                        bill(a.get("rate"), take)
                        parts.append(["billed", take, a.get("rate"), None])
            if missing:
                beyond.append((root, missing))
            rest += missing
            used += amount
            overage += over_here
            balance -= amount
            lines.append([e["id"], amount, amount - over_here, over_here, balance])
        # settling
        segments = []  # [fate, amount, rate, cycle]
        if policy == "ask":
            left = rest
            for d in doc.get("decisions", []):
                if d["cycle"] == key and carrier(d) == c["index"] and day(d["on"]) <= as_of:
                    take = min(left, d["amount"])
                    left -= take
                    at = (
                        (rate if d.get("rate") is None else d["rate"])
                        if d["outcome"] == "bill"
                        else None
                    )
                    segments.append(
                        [
                            {"bill": "billed", "deduct": "debt", "absorb": "absorbed"}[
                                d["outcome"]
                            ],
                            take,
                            at,
                            None,
                        ]
                    )
            segments.append(["awaiting", left, None, key])
        else:
            segments.append(
                [
                    {"bill": "billed", "deduct": "debt", "absorb": "absorbed"}[policy],
                    rest,
                    rate if policy == "bill" else None,
                    None,
                ]
            )
        # what would go beyond the most that may be owed is billed: old debt first, then the last hours
        limit = 0 if c["last"] else debt_max
        deducts = any(s[0] == "debt" and s[1] for s in segments) or policy == "deduct"
        standing = sum(p[1] for p in owed)
        if limit is not None and (deducts or c["last"]):
            while standing > limit:
                x = min(standing - limit, owed[-1][1])
                bill(rate, x)
                charged_for_debt.setdefault(owed[-1][0], []).append([rate, x])
                owed[-1][1] -= x
                standing -= x
                if not owed[-1][1]:
                    owed.pop()
        split = []
        for s in segments:
            if s[0] == "debt" and limit is not None:
                kept = min(s[1], max(0, limit - standing))
                standing += kept
                split += [["debt", kept, None, None], ["billed", s[1] - kept, rate, None]]
            else:
                split.append(s)
        segments = [s for s in split if s[1]]
        for fate, amount, at, _ in segments:
            if fate == "billed":
                bill(at, amount)
            elif fate == "absorbed":
                absorbed += amount
            elif fate == "awaiting":
                awaiting[key] = awaiting.get(key, 0) + amount
        # hand the segments to the entries, in entry order
        queue = [list(s) for s in segments]
        for root, amount in beyond:
            while amount:
                take = min(amount, queue[0][1])
                paid[root].append([queue[0][0], take, *queue[0][2:]])
                if queue[0][0] == "debt":
                    owed.append([root, take])
                if queue[0][0] == "awaiting" and root not in order_of_awaiting.setdefault(key, []):
                    order_of_awaiting[key].append(root)
                queue[0][1] -= take
                amount -= take
                if not queue[0][1]:
                    queue.pop(0)
        debt = sum(p[1] for p in owed)
        held = sum(lot["left"] for lot in lots)
        expired = trimmed = 0
        if not is_open:
            keep = []
            for lot in lots:
                gone = False
                if c["last"]:
                    gone = True
                elif lot["by_date"]:
                    gone = lot["until"] is not None and lot["until"] < c["until"]
                elif not c["paused"]:
                    gone = lot["more"] <= 0
                if gone:
                    expired += lot["left"]
                    if lot["left"]:
                        lapses.append({"born": lot["born"], "at": c["index"], "left": lot["left"]})
                else:
                    keep.append(lot)
            lots = keep
            most = roll.get("max")
            if most is not None and not c["paused"]:
                if isinstance(most, dict):
                    most = half_up(granted * most["percent"], 100)
                excess = sum(lot["left"] for lot in lots if lot["kind"] == "base") - most
                for lot in lots:
                    if lot["kind"] == "base" and excess > 0:
                        take = min(excess, lot["left"])
                        lot["left"] -= take
                        excess -= take
                        trimmed += take
                        if take:
                            lapses.append({"born": lot["born"], "at": c["index"], "left": take})
            lots = [lot for lot in lots if lot["left"]]
        out.append(
            {
                "starts_on": key,
                "cap": c["cap"],
                "carried_in": carried_in,
                "topped_up": topped_up,
                "transferred": granted - c["cap"],
                "reinstated": sum(reinstated.values()),
                "debt_in": debt_in,
                "available": available,
                "used": used,
                "drawn": drawn,
                "overage": overage,
                "authorised": authorised,
                "billed": sum(billed_at.values()),
                "absorbed": absorbed,
                "awaiting": sum(s[1] for s in segments if s[0] == "awaiting"),
                "settled": settled,
                "expired": expired,
                "trimmed": trimmed,
                "carried_out": held if is_open else sum(lot["left"] for lot in lots),
                "debt_out": debt,
                "remaining": max(0, available - used),
            }
        )
    return {"cycles": out, "lines": lines}
