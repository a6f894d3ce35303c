-- Figures that MIMIC-Eye 1.0.0 published, to print beside a build's own.
-- Grain: fact.
-- Rule: as printed, though they do not all agree with each other: 2,199 + 1,038 - 3,192
-- leaves 45 patients in both sets, and 10 is the number of images in both;
-- 1 - 1,683 / 3,689 is 54.38 %.
-- Columns:
--   place: Position of the figure in the summary, from 1.
--   fact: What is counted; a share where it begins with %.
--   published: The figure that was published with MIMIC-Eye 1.0.0.
with

final (place, fact, published) as (
    values
    (1, 'patients', 3192.0),
    (2, 'patients in REFLACX', 2199.0),
    (3, 'patients in EyeGaze', 1038.0),
    (4, 'patients in both', 10.0),
    (5, 'images', 3689.0),
    (6, 'images with a stay', 1683.0),
    (7, 'stays with an image', 1644.0),
    (8, '% of images without a stay', 55.99),
    (9, '% more found with 7 days', 23.26),
    (10, 'patients of MIMIC-IV', 315460.0),
    (11, 'stays of MIMIC-IV-ED', 447712.0),
    (12, 'images of MIMIC-CXR', 377110.0),
    (13, 'PA images of MIMIC-CXR', 96161.0),
    (14, 'studies of MIMIC-CXR', 227835.0),
    (15, 'REFLACX readings', 3052.0),
    (16, 'readings, phases 2-3 labels', 2757.0),
    (17, 'readings, phase 1 labels', 295.0),
    (18, 'REFLACX classes', 21.0)
)

select * from final
