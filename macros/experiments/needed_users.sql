{% macro needed_users(mean, lift, deviation=none, power=0.8, correlation=0) %}
    {#- SQL of how many users each of two variants needs, so that a relative `lift` of a `mean` is found with this power at a 95 %
        interval. Without a standard `deviation` the mean is a conversion, a share of users. CUPED needs fewer: `correlation` with
        the pre-period. -#}
    {%- if lift == 0 or (deviation is none and not 0 < mean * (1 + lift) < 1) -%}
        {%- do two_tower.input_error(
            'needed_users', 'mean ' ~ mean ~ ' and lift ' ~ lift ~ ' do not fit.',
            'give a lift other than 0, and the standard deviation unless the mean is a share of users.'
        ) -%}
    {%- endif -%}
    {%- set variant_mean = mean * (1 + lift) -%}
    {%- set variances = mean * (1 - mean) + variant_mean * (1 - variant_mean) if deviation is none else 2 * deviation ** 2 -%}
    cast(ceil(
        power(normal_quantile(0.975) + normal_quantile({{ power }}), 2)
        * {{ variances * (1 - correlation ** 2) }} / {{ (mean * lift) ** 2 }}
    ) as bigint)
{%- endmacro %}
