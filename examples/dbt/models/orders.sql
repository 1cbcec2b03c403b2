{# Row i is the same in every run: a later run asks for the rows behind those that are there. #}
{{ config(materialized='incremental') }}
{% set there = 0 %}
{% if is_incremental() %}
  {% set there = run_query('SELECT count(*) FROM ' ~ this).columns[0][0] %}
{% endif %}
SELECT * FROM genesis_generate(
  'shop', 'orders', rows := {{ [var('rows') - there, 0] | max }}, first_row := {{ there }}, seed := {{ var('seed') }})
