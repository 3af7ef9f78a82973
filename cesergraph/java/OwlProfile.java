import java.io.File;
import java.util.List;
import org.semanticweb.owlapi.apibinding.OWLManager;
import org.semanticweb.owlapi.model.OWLOntology;
import org.semanticweb.owlapi.profiles.OWL2DLProfile;
import org.semanticweb.owlapi.profiles.OWL2RLProfile;
import org.semanticweb.owlapi.profiles.OWLProfile;
import org.semanticweb.owlapi.profiles.OWLProfileViolation;

/** Prints one line per violation of OWL 2 DL or OWL 2 RL in a file: the profile, a tab, what is wrong. */
class OwlProfile {
    public static void main(String[] arguments) throws Exception {
        OWLOntology ontology = OWLManager.createOWLOntologyManager()
            .loadOntologyFromOntologyDocument(new File(arguments[0]));
        for (OWLProfile profile : List.of(new OWL2DLProfile(), new OWL2RLProfile())) {
            for (OWLProfileViolation violation : profile.checkOntology(ontology).getViolations()) {
                System.out.println(profile.getName() + "\t" + violation.toString().replaceAll("\\s+", " "));
            }
        }
        System.out.println("axioms\t" + ontology.getAxiomCount());
    }
}
