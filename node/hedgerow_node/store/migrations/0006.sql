-- Of the heads of a statement the latest is current, also where there are no slots: there `replaces` joins the versions
-- (specs/05-kinds.md, KI-14). So many are looked at as a history lists, for an author may write any number.
CREATE INDEX supersessions_by ON supersessions (by);

DROP VIEW standing;
CREATE VIEW standing AS
SELECT h.* FROM heads AS h
WHERE NOT EXISTS (
    SELECT 1 FROM heads AS o
    WHERE o.author = h.author AND o.kind = h.kind AND o.slot = h.slot
    AND o.row <> h.row AND (o.ts, o.id) > (h.ts, h.id)
) AND (h.slot IS NOT NULL OR NOT EXISTS (
    WITH RECURSIVE joined (row, id) AS (
        SELECT h.row, h.id
        UNION
        SELECT m.row, m.id FROM joined AS j JOIN supersessions AS x ON x.by = j.id
        JOIN messages AS m ON m.id = x.target AND m.author = h.author AND m.kind = h.kind
        UNION
        SELECT m.row, m.id FROM joined AS j
        JOIN supersessions AS x ON x.target = j.id AND x.author = h.author AND x.kind = h.kind
        JOIN messages AS m ON m.id = x.by
        LIMIT 200
    )
    SELECT 1 FROM joined AS j JOIN heads AS o ON o.row = j.row WHERE (o.ts, o.id) > (h.ts, h.id)
));
