-- Views of genesis_reference that need no list of columns; each starts with a line '-- name: tables it reads'.

-- county_single_ages: county_ages national_ages
WITH bands AS (
  SELECT DISTINCT sex, age_min, coalesce(age_max, 100) AS age_max FROM county_ages
), ages AS (
  SELECT b.sex, b.age_min, n.age, n.population / sum(n.population) OVER (PARTITION BY b.sex, b.age_min) AS share
  FROM bands AS b JOIN national_ages AS n ON n.sex = b.sex AND n.age BETWEEN b.age_min AND b.age_max
)
SELECT c.fips, c.sex, a.age, c.population * a.share AS population
FROM county_ages AS c JOIN ages AS a ON a.sex = c.sex AND a.age_min = c.age_min;

-- denominators: county_ages national_ages measures prevalences
WITH bands AS (
  SELECT DISTINCT sex, age_min, coalesce(age_max, 100) AS age_max FROM county_ages
), shares AS (
  SELECT m.measure, m."within", b.sex, b.age_min,
    coalesce(sum(n.population) FILTER (WHERE n.age BETWEEN coalesce(m.age_min, 0) AND coalesce(m.age_max, 100)), 0)
      / sum(n.population) AS share
  FROM measures AS m
  JOIN bands AS b ON m.sex IS NULL OR m.sex = b.sex
  JOIN national_ages AS n ON n.sex = b.sex AND n.age BETWEEN b.age_min AND b.age_max
  GROUP BY m.measure, m."within", b.sex, b.age_min
), persons AS (
  SELECT c.fips, s.measure, s."within", CAST(sum(CAST(c.population * s.share AS DECIMAL(38, 9))) AS DOUBLE) AS population
  FROM county_ages AS c JOIN shares AS s ON s.sex = c.sex AND s.age_min = c.age_min
  GROUP BY c.fips, s.measure, s."within"
)
SELECT p.fips, p.measure,
  CASE WHEN p."within" IS NULL THEN p.population ELSE p.population * w.percent / 100 END AS population
FROM persons AS p LEFT JOIN prevalences AS w ON w.fips = p.fips AND w.measure = p."within";
