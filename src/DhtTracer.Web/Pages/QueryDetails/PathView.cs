using System.Globalization;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Model;
using DhtTracer.Web.Text;

namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>The tree of who named whom, in the order of a tree, and the same peers on the ring of ids.</summary>
internal sealed class PathView
{
    /// <summary>Radius of the ring in its drawing.</summary>
    public const double Radius = 100;

    /// <summary>Greatest number of lines on the ring: more cannot be told apart.</summary>
    private const int MostLines = 400;

    private const int MostIndent = 30;

    /// <summary>Peers on the ring whose dots are of the usual size.</summary>
    private const int MostLargeDots = 300;

    /// <summary>Arranges the tree of a query.</summary>
    public PathView(Query query)
    {
        Tree = PathTree.Of(query);
        var children = Enumerable.Range(0, Tree.Nodes.Length).ToLookup(index => Tree.Nodes[index].Parent ?? -1);
        var order = new List<int>(Tree.Nodes.Length);
        var seen = new HashSet<int>();
        var stack = new Stack<int>();

        // Roots first; after them whatever a contradictory trace left in a circle.
        foreach (var root in children[-1].Concat(Enumerable.Range(0, Tree.Nodes.Length)))
        {
            stack.Push(root);
            while (stack.TryPop(out var index))
            {
                if (seen.Add(index))
                {
                    order.Add(index);
                    foreach (var child in children[index].Reverse())
                    {
                        stack.Push(child);
                    }
                }
            }
        }

        Order = order;
        Lines =
        [
            .. order
                .Where(index =>
                    Tree.Nodes[index] is { Parent: not null, Angle: not null } node && Tree.Nodes[node.Parent.Value].Angle is not null
                )
                .OrderByDescending(index => Tree.Nodes[index].OnCriticalPath)
                .ThenByDescending(index => Tree.Nodes[index].Named)
                .Take(MostLines),
        ];
    }

    public PathTree Tree { get; }

    /// <summary>Indices of the nodes, parents before children.</summary>
    public IReadOnlyList<int> Order { get; }

    /// <summary>Indices of the nodes whose line to their parent is drawn on the ring.</summary>
    public IReadOnlyList<int> Lines { get; }

    /// <summary>Depth at which a row is drawn.</summary>
    public static int Indent(PathNode node) => Math.Min(node.Depth, MostIndent);

    /// <summary>A place on the ring: 0 on top, clockwise.</summary>
    public static (string X, string Y) Place(double angle, double radius = Radius)
    {
        var turn = (angle * 2 * Math.PI) - (Math.PI / 2);
        return (Number(Math.Cos(turn) * radius), Number(Math.Sin(turn) * radius));
    }

    /// <summary>The <c>text-anchor</c> of a text at a place on the ring, so that the text is outside the ring.</summary>
    public static string Anchor(double angle) =>
        Math.Sin(angle * 2 * Math.PI) switch
        {
            > 0.25 => "start",
            < -0.25 => "end",
            _ => "middle",
        };

    /// <summary>How far a text beside a place on the ring stands below it: none of it lies on the ring, on top and at the bottom
    /// either.</summary>
    public static int Lower(double angle) =>
        Anchor(angle) != "middle" ? 3
        : Math.Cos(angle * 2 * Math.PI) > 0 ? -1
        : 8;

    /// <summary>A line between two places, bent inwards: near ones a little, opposite ones through the middle.</summary>
    public static string Line(double from, double to)
    {
        var (x1, y1) = Place(from);
        var (x2, y2) = Place(to);
        var half = Math.Abs(Math.Cos((from - to) * Math.PI)) * 0.86;
        var middle = Place((from + to) / 2, Math.Abs(from - to) > 0.5 ? -Radius * half : Radius * half);
        return $"M{x1} {y1}Q{middle.X} {middle.Y} {x2} {y2}";
    }

    /// <summary>The line of a node to the peer that named it.</summary>
    /// <param name="index">One of <see cref="Lines"/>.</param>
    public string LineToParent(int index)
    {
        var node = Tree.Nodes[index];
        return Line(Tree.Nodes[node.Parent!.Value].Angle!.Value, node.Angle!.Value);
    }

    /// <summary>Radius of a peer's dot on the ring: among many peers the dots are small.</summary>
    public string DotRadius(PathNode node) =>
        node.OnCriticalPath ? "3.4"
        : Tree.Nodes.Length > MostLargeDots ? "1.3"
        : "2.2";

    /// <summary>What a hover on a peer's dot says.</summary>
    public static string DotTitle(PathNode node) => $"{node.PeerId}, {Wording.OfName(Words.Of(node.State))}";

    /// <summary>CSS class of a peer's dot.</summary>
    public static string Class(PathNode node) =>
        node.State switch
        {
            PeerState.Answered => "answered",
            PeerState.DialFailed or PeerState.RequestFailed => "failed",
            PeerState.NoAnswer or PeerState.Cancelled => "silent",
            _ => "heard",
        };

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
