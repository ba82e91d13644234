namespace DhtTracer.Analysis;

/// <summary>
/// The colours of the phases of a row: one set for the site, the exported page and the picture. Each colour that stands alone has a
/// contrast of at least 3:1 against its background. The site's style sheet holds the same values, which a test compares.
/// </summary>
public static class PhaseColours
{
    /// <summary>Custom property of the style sheets, colour on white, colour in the dark.</summary>
    public static IReadOnlyList<(string Name, string Light, string Dark)> All { get; } =
    [
        ("queued", "#8390a0", "#7d8b9a"),
        ("dialing", "#bd7d0a", "#e0a52c"),
        ("request", "#2b77bd", "#4c9be8"),
        ("sent", "#7fb0de", "#2f6aa5"),
        ("silent", "#f6d5d2", "#4a2624"),
        ("silent-edge", "#c4554c", "#d9776f"),
    ];

    /// <summary>The colour of a name on white.</summary>
    public static string Light(string name) => All.First(colour => colour.Name == name).Light;

    /// <summary>
    /// The class of a bar in every drawing: <c>q</c> queued, <c>dl</c> dialing, <c>c</c> connected, <c>rq</c> request, <c>se</c> sent,
    /// <c>na</c> no answer, <c>fl</c> failed, <c>ca</c> cut off.
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
