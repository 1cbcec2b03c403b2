{{ config(materialized='view') }}
SELECT c.region, count(*) AS orders, sum(o.quantity * p.price) AS revenue
FROM {{ ref('orders') }} o
JOIN {{ ref('customers') }} c USING (customer_id)
JOIN {{ source('synthetic', 'products') }} p USING (product_id)
GROUP BY c.region
