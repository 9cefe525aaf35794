//! Experiments as SVG plots: bars for contenders, lines where there is an x axis, and percentiles
//! of round trips.

use std::fmt::Display;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::markdown::figure;
use crate::results::{Experiment, Results, Series};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// In pixels.
const SIZE: (u32, u32) = (960, 420);
/// The colour of each contender in every plot; other series take the next free ones. Colour-blind
/// readers can distinguish them.
const COLOURS: [(&str, RGBColor); 8] = [
    ("reliable pipeline", RGBColor(213, 94, 0)),
    ("zmq-patterns", RGBColor(213, 94, 0)),
    ("bare", RGBColor(0, 114, 178)),
    ("Python twins", RGBColor(0, 158, 115)),
    ("omq-tokio", RGBColor(204, 121, 167)),
    ("rzmq", RGBColor(230, 159, 0)),
    ("zeromq", RGBColor(86, 180, 233)),
    ("TCP stream", RGBColor(86, 86, 86)),
];
/// The colour of what is no contender of the first tables.
const OTHER: RGBColor = RGBColor(140, 140, 140);

/// A contender's colour: that of the first name which its own begins with.
fn colour(name: &str) -> RGBColor {
    COLOURS.iter().find(|(known, _)| name.starts_with(known)).map_or(OTHER, |(_, colour)| *colour)
}

/// Draws each experiment of a run into `folder`, which is made where it is missing, as `<id>.svg`,
/// and for round trips also `<id>-percentiles.svg`.
///
/// # Errors
///
/// A plot that cannot be drawn or written.
pub fn draw(results: &Results, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for experiment in &results.experiments {
        let path = folder.join(format!("{}.svg", experiment.id));
        let drawn = if experiment.x.is_some() { lines } else { bars };
        onto(&path, experiment, &results.machine, drawn)?;
        if experiment.x.is_none() && experiment.series.iter().any(|one| !one.percentiles.is_empty())
        {
            let path = folder.join(format!("{}-percentiles.svg", experiment.id));
            onto(&path, experiment, &results.machine, percentiles)?;
        }
    }
    Ok(())
}

fn onto(
    path: &Path,
    experiment: &Experiment,
    machine: &str,
    drawn: fn(&Area, &Experiment) -> Result<()>,
) -> Result<()> {
    let failed = |error: &dyn Display| anyhow!("cannot draw {}: {error}", path.display());
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE).map_err(|error| failed(&error))?;
    let (title, more) = experiment.title.rsplit_once(": ").unwrap_or((&experiment.title, ""));
    let Experiment { unit, .. } = experiment;
    let better = experiment.better();
    let below = format!(
        "{more}, {unit} ({better}); medians, thin lines from the lowest to the highest round"
    );
    text(&area, title, (16, 22), 17, HPos::Left)?;
    text(&area, below.trim_start_matches(", "), (16, 44), 13, HPos::Left)?;
    text(&area, machine, (16, 408), 12, HPos::Left)?;
    drawn(&area.margin(60, 24, 8, 8), experiment).map_err(|error| failed(&error))?;
    area.present().map_err(|error| failed(&error))
}

fn text(area: &Area, text: &str, at: (i32, i32), size: i32, anchor: HPos) -> Result<()> {
    let style = ("sans-serif", size).into_text_style(area).pos(Pos::new(anchor, VPos::Center));
    area.draw(&Text::new(text.to_owned(), at, style)).map_err(|error| anyhow!("{error}"))
}

/// One bar per contender, as long as its median; a thin line from its minimum to its maximum.
#[expect(clippy::cast_possible_truncation, reason = "pixels")]
fn bars(area: &Area, experiment: &Experiment) -> Result<()> {
    const LEFT: i32 = 230;
    let (width, height) = area.dim_in_pixel();
    let count = i32::try_from(experiment.series.len())?;
    let step = i32::try_from(height)? / count.max(1);
    let most = experiment.series.iter().map(Series::max).fold(0.0, f64::max);
    let right = |value: f64| LEFT + (value / most * (f64::from(width) - 350.0)) as i32;
    for (row, one) in (0..).zip(&experiment.series) {
        let middle = row * step + step / 2;
        let (top, bottom) = (middle - step / 3, middle + step / 3);
        let end = right(one.median());
        let bar = Rectangle::new([(LEFT, top), (end, bottom)], colour(&one.name).filled());
        area.draw(&bar).map_err(|error| anyhow!("{error}"))?;
        let range = [(right(one.min()), middle), (right(one.max()), middle)];
        area.draw(&PathElement::new(range, BLACK)).map_err(|error| anyhow!("{error}"))?;
        text(area, &one.name, (LEFT - 10, middle), 15, HPos::Right)?;
        // At the bar's end, above the thin line.
        text(area, &figure(one.median()), (end + 6, middle - step / 4), 15, HPos::Left)?;
    }
    Ok(())
}

/// Medians over the x axis, which is logarithmic.
#[expect(clippy::cast_precision_loss, reason = "numbers of peers")]
fn lines(area: &Area, experiment: &Experiment) -> Result<()> {
    let points: Vec<(f64, f64)> =
        experiment.series.iter().filter_map(|one| Some((one.x? as f64, one.median()))).collect();
    let most = experiment.series.iter().map(Series::max).fold(0.0, f64::max);
    let measured: Vec<f64> = points.iter().map(|(x, _)| *x).collect();
    let first = measured.iter().copied().fold(f64::MAX, f64::min);
    let last = measured.iter().copied().fold(1.0, f64::max);
    let failed = |error: &dyn Display| anyhow!("{error}");
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(90)
        .build_cartesian_2d(
            (first * 0.9..last * 1.1).log_scale().with_key_points(measured),
            0.0..most * 1.1,
        )
        .map_err(|error| failed(&error))?;
    chart
        .configure_mesh()
        .x_desc(format!("{} (logarithmic)", experiment.x.as_deref().unwrap_or_default()))
        .x_labels(points.len())
        .y_desc(experiment.unit.clone())
        .y_label_formatter(&|y| figure(*y))
        .x_label_formatter(&|x| format!("{x:.0}"))
        .label_style(("sans-serif", 13))
        .light_line_style(WHITE)
        .draw()
        .map_err(|error| failed(&error))?;
    let ranges = experiment.series.iter().filter_map(|one| Some((one.x? as f64, one)));
    let ranges = ranges.map(|(x, one)| PathElement::new([(x, one.min()), (x, one.max())], BLACK));
    chart.draw_series(ranges).map_err(|error| failed(&error))?;
    chart
        .draw_series(LineSeries::new(points, COLOURS[0].1.stroke_width(2)).point_size(4))
        .map_err(|error| failed(&error))?;
    Ok(())
}

/// Round trips of all rounds: one line per contender, over the percentiles.
fn percentiles(area: &Area, experiment: &Experiment) -> Result<()> {
    let of = |one: &Series| -> Vec<(f64, f64)> {
        (0..).map(f64::from).zip(one.percentiles.iter().map(|(_, time)| *time)).collect()
    };
    let all = experiment.series.iter().flat_map(of).map(|(_, time)| time);
    let (least, most) = all
        .fold((f64::MAX, 1.0), |(least, most), time| (f64::min(least, time), f64::max(most, time)));
    let names: Vec<String> = experiment.series.first().map_or(Vec::new(), |one| {
        one.percentiles.iter().map(|(percentile, _)| format!("p{percentile}")).collect()
    });
    // 1, 2 and 5 times each power of ten: far enough apart that labels do not overlap.
    let powers = (0..7).map(|power| 10_f64.powi(power));
    let ticks = powers.flat_map(|power| [power, 2.0 * power, 5.0 * power]);
    let (lowest, highest) = (least * 0.8, most * 1.2);
    let ticks: Vec<f64> = ticks.filter(|tick| (lowest..highest).contains(tick)).collect();
    let failed = |error: &dyn Display| anyhow!("{error}");
    let (names_above, below) = area.split_vertically(24);
    legend(&names_above, experiment)?;
    let right = f64::from(u32::try_from(names.len())?) - 1.0;
    let mut chart = ChartBuilder::on(&below)
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(90)
        .build_cartesian_2d(0.0..right, (lowest..highest).log_scale().with_key_points(ticks))
        .map_err(|error| failed(&error))?;
    chart
        .configure_mesh()
        .x_labels(names.len())
        .x_desc("percentile")
        .y_desc("µs (logarithmic)")
        .x_label_formatter(&|x| {
            names
                .iter()
                .zip(0..)
                .find(|(_, at)| (f64::from(*at) - x).abs() < 0.01)
                .map_or(String::new(), |(name, _)| name.clone())
        })
        .y_label_formatter(&|y| figure(*y))
        .label_style(("sans-serif", 13))
        .light_line_style(WHITE)
        .draw()
        .map_err(|error| failed(&error))?;
    for one in &experiment.series {
        let colour = colour(&one.name);
        chart
            .draw_series(LineSeries::new(of(one), colour.stroke_width(2)).point_size(3))
            .map_err(|error| failed(&error))?;
    }
    Ok(())
}

/// The contenders' names in a row, each beside a line of its colour.
fn legend(area: &Area, experiment: &Experiment) -> Result<()> {
    let mut left = 102;
    for one in &experiment.series {
        let line =
            PathElement::new([(left, 14), (left + 18, 14)], colour(&one.name).stroke_width(3));
        area.draw(&line).map_err(|error| anyhow!("{error}"))?;
        text(area, &one.name, (left + 24, 14), 13, HPos::Left)?;
        // Wide enough for the font, whatever it is.
        left += 48 + 8 * i32::try_from(one.name.len())?;
    }
    Ok(())
}
