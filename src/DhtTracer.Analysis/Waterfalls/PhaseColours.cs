namespace DhtTracer.Analysis.Waterfalls;

/// <summary>
/// The colours of a row's phases, shared by the site, the exported page and the picture. Each colour that is used without text has a
/// contrast of at least 3:1 against its background. The site's style sheet has the same values; a test compares them.
/// </summary>
public static class PhaseColours
{
    /// <summary>Name of the custom property in the style sheets, colour in light mode, colour in dark mode.</summary>
    public static IReadOnlyList<(string Name, string Light, string Dark)> All { get; } =
    [
        ("queued", "#8390a0", "#7d8b9a"),
        ("dialing", "#bd7d0a", "#e0a52c"),
        ("request", "#2b77bd", "#4c9be8"),
        ("sent", "#7fb0de", "#2f6aa5"),
        ("silent", "#f6d5d2", "#4a2624"),
        ("silent-edge", "#c4554c", "#d9776f"),
    ];

    /// <summary>The colour with this name in light mode.</summary>
    public static string Light(string name) => All.First(colour => colour.Name == name).Light;

    /// <summary>
    /// The class of a bar in every drawing: <c>q</c> queued, <c>dl</c> dialing, <c>c</c> connected, <c>rq</c> request, <c>se</c> sent,
    /// <c>na</c> no answer, <c>fl</c> failed, <c>ca</c> cancelled.
    /// </summary>
    public static string Class(RowSegment bar) =>
        bar switch
        {
            { Phase: RowPhase.Queued } => "q",
            { Phase: RowPhase.Dialing, Failed: true } => "dl fd",
            { Phase: RowPhase.Dialing } => "dl",
            { Phase: RowPhase.Connected } => "c",
            { Phase: RowPhase.Request } => "rq",
            { Phase: RowPhase.Sent } => "se",
            { Phase: RowPhase.Cancelled } => "ca",
            { Failed: true } => "fl",
            _ => "na",
        };
}
